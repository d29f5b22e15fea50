package uplift

import (
	"context"
	"time"

	"voicerelay/upstream/emulator/engine"
)

// transport carries a session's messages: a plain WebSocket, or a namespace of a Socket.IO connection. What is sent
// is bounded by the session's life, and keeps its order.
type transport interface {
	deliver(ctx context.Context, o engine.Object)
	garbage(ctx context.Context)         // a frame that is not of the protocol
	drop(ctx context.Context)            // the connection breaks
	close(ctx context.Context, code int) // the connection is closed
}

func (s *line) send(o engine.Object) { s.transport.deliver(s.life, o) }

// line is a session as its requests see it.
type line struct {
	*emulator
	transport transport
	life      context.Context // of the session's requests; ended by stop
	end       context.CancelFunc
	slots     chan struct{} // holds one token for each request that is spoken
}

// errorMessages are the vendor's error codes with what they say.
// The codes are all that the page lists; there is none for an account without credit.
func errorMessages() map[string]string {
	return map[string]string{
		"auth_failed":         "Invalid API key",
		"synthesis_failed":    "TTS service error",
		"duplicate_request":   "Request ID already used",
		"rate_limit_exceeded": "Too many requests",
		"text_too_long":       "Text is too long",
	}
}

// fail sends an error, of a request or (with an empty id) of the connection.
// An error of the connection has no requestId; the SDK ignores such a frame.
func (s *line) fail(code, message, id string) {
	if message == "" {
		message = errorMessages()[code]
	}
	if message == "" {
		message = "Request failed" // a code that the documentation does not have
	}
	o := engine.Object{"type": "error", "code": code, "message": message}
	if id != "" {
		o["requestId"] = id
	}
	s.send(o)
}

// timestamp is the time of now in the unit that the seed has drawn.
// The page's example has a number and no unit.
func (s *line) timestamp() int64 {
	if s.quirks.millis {
		return time.Now().UnixMilli()
	}
	return time.Now().Unix()
}
