package assemblyai

import (
	"context"
	"encoding/json"
	"time"

	"github.com/coder/websocket"

	"voicerelay/upstream/emulator/engine"
)

// message is any message from a client. Extra fields are ignored.
type message struct {
	Type string  `json:"type"`
	Text *string `json:"text"`
}

// serve greets the client, and reads until the connection is over.
func (s *session) serve() {
	defer s.server.Connected()()
	ctx, cancel := context.WithCancel(s.server.Context())
	defer func() {
		cancel()
		_ = s.socket.CloseNow() // frees a writer that is blocked
		s.wg.Wait()
		s.drop()
	}()
	s.send(object{"type": "Begin", "id": s.id, "expires_at": s.began.Add(sessionTTL).Unix(), "configuration": s.settings.object()})
	s.wg.Go(func() { s.speak(ctx) })
	s.wg.Go(func() { s.watch(ctx) })
	for {
		kind, data, err := s.socket.Read(context.Background()) // ends with the socket
		if err != nil {
			return
		}
		s.stir()
		if wrong := s.take(data, kind == websocket.MessageText); wrong != nil {
			s.fail(*wrong)
			return
		}
	}
}

// take does what a message asks for, or says why the session ends.
func (s *session) take(data []byte, isText bool) *failure {
	var m message
	if !isText || json.Unmarshal(data, &m) != nil {
		return &failure{code: badInput, kind: "invalid_message", text: "The message is not a JSON object."}
	}
	switch m.Type {
	case "Generate":
		if m.Text == nil {
			return invalid("text", "text is required.")
		}
		return s.generate(*m.Text)
	case "Flush":
		s.flush()
	case "Cancel":
		s.cancel()
	case "Terminate":
		s.terminate()
	case "KeepAlive": // it has been read, and that is all
	default:
		return &failure{code: badInput, kind: "invalid_message", param: "type", text: "The type is not known."}
	}
	return nil
}

// watch ends the session once no frame has gone in either direction for too long, or when its time is over.
// Then input stops, what there is may be spoken for a minute more, and the session ends by 3008 (docs). How one ends on which nothing
// happens is not documented.
func (s *session) watch(ctx context.Context) {
	idle := s.settings.idle
	if own := s.server.Options().Inactivity; own > 0 {
		idle = own
	}
	for {
		s.mu.Lock()
		left, silent := time.Until(s.began.Add(sessionTTL)), time.Until(s.last.Add(idle))
		s.mu.Unlock()
		switch {
		case left <= 0:
			s.expire(ctx)
			return
		case silent <= 0 && s.quirks.idleTells == "termination":
			s.terminate()
			return
		case silent <= 0:
			s.fail(failure{code: expired, kind: "inactivity_timeout", text: "The session was idle for too long."})
			return
		}
		if !engine.Pause(ctx, min(left, silent)) {
			return
		}
	}
}

// expire ends the session by its age.
func (s *session) expire(ctx context.Context) {
	s.mu.Lock()
	s.ending = true
	s.mu.Unlock()
	for end := time.Now().Add(draining); time.Now().Before(end) && !s.drained(); {
		if !engine.Pause(ctx, time.Second) { // what is spoken is not waited for more exactly
			return
		}
	}
	s.fail(failure{code: expired, kind: "session_expired", text: "The session has expired."})
}

// drained reports whether nothing is left that will be spoken.
func (s *session) drained() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.queue) == 0 && s.halt == nil
}
