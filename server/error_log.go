package server

import (
	"errors"
	stdlog "log"
	"net/netip"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"
)

// serverLinesPerSecond bounds the lines of the HTTP server itself: of broken listeners, broken handlers and requests that
// are none, all of which may come as fast as clients like.
const serverLinesPerSecond = 5

// maxServerLine bounds one of them; a handler that broke tells its stack.
const maxServerLine = 4 << 10

// ErrorLog is for the ErrorLog of the http.Server that has the relay's handlers. TLS handshakes that fail are counted, and
// told as refusals are; all else is told a few times a second at most.
func (srv *Server) ErrorLog() *stdlog.Logger {
	return stdlog.New(&errorLog{srv: srv, lines: rate.NewLimiter(serverLinesPerSecond, serverLinesPerSecond)}, "", 0)
}

type errorLog struct {
	// Static after ErrorLog.
	srv   *Server
	lines *rate.Limiter

	dropped atomic.Int64 // lines since the last one that was told

	// Owned by Write, which a log.Logger calls once at a time.
	last string // that was told
	told time.Time
}

// sayAgain is the time between two lines that say the same: of a listener that can't accept, for example, as long as it can't.
const sayAgain = time.Minute

// Write implements io.Writer. It gets a line at a time.
func (l *errorLog) Write(line []byte) (int, error) {
	text := strings.TrimSpace(string(line[:min(len(line), maxServerLine)]))
	if from, why, ok := failedHandshake(text); ok {
		l.srv.metrics.Handshakes.Inc()
		l.srv.tellOf(refusal{remote: from, handshake: why})
		return len(line), nil
	}
	text, _, _ = strings.Cut(strings.TrimPrefix(text, "http: "), "; retrying in ")
	now := time.Now()
	if text == l.last && now.Sub(l.told) < sayAgain || !l.lines.AllowN(now, 1) {
		l.dropped.Add(1)
		return len(line), nil
	}
	l.last, l.told = text, now
	l.tell(text)
	return len(line), nil
}

// tell writes a line. That of a handler which broke has where it was.
func (l *errorLog) tell(text string) {
	dropped := l.dropped.Swap(0)
	if broken, ok := strings.CutPrefix(text, "panic serving "); ok {
		fault, stack, _ := strings.Cut(broken, "\n")
		l.srv.log.Error().Str("fault", fault).Str("stack", stack).Int64("dropped", dropped).Msg("panic in a handler")
		return
	}
	l.srv.log.Warn().Err(errors.New(text)).Int64("dropped", dropped).Msg("HTTP server")
}

// failedHandshake takes a line of net/http apart: "http: TLS handshake error from 192.0.2.1:1234: EOF".
func failedHandshake(text string) (from netip.Addr, why string, ok bool) {
	rest, ok := strings.CutPrefix(text, "http: TLS handshake error from ")
	if !ok {
		return netip.Addr{}, "", false
	}
	address, why, _ := strings.Cut(rest, ": ")
	peer, err := netip.ParseAddrPort(address)
	return peer.Addr().Unmap().WithZone(""), why, err == nil
}
