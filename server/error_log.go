package server

import (
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
}

// Write implements io.Writer. It gets a line at a time.
func (l *errorLog) Write(line []byte) (int, error) {
	text := strings.TrimSpace(string(line[:min(len(line), maxServerLine)]))
	if from, why, ok := failedHandshake(text); ok {
		l.srv.metrics.Handshakes.Inc()
		l.srv.tellOf(refusal{remote: from, handshake: why})
		return len(line), nil
	}
	if !l.lines.AllowN(time.Now(), 1) {
		l.dropped.Add(1)
		return len(line), nil
	}
	event := l.srv.log.Warn()
	if strings.Contains(text, "panic serving") {
		event = l.srv.log.Error()
	}
	event.Str("error", text).Int64("dropped", l.dropped.Swap(0)).Msg("HTTP server")
	return len(line), nil
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
