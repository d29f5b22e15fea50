package server

import (
	"bytes"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"

	"voicerelay/relay/relaytest"
)

// What the HTTP server says has a level, and no client fills the log with it.
func TestLinesOfTheServerAreLevelledAndRated(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		r := newRig(t, Config{}, []string{"alpha"}, fakes{"alpha": relaytest.NewFake()})
		r.srv.log = zerolog.New(&log)
		out := r.srv.ErrorLog()
		for range 50 {
			out.Printf("http: TLS handshake error from %s: %s", "192.0.2.1:1234", "EOF")
			out.Printf("http: TLS handshake error from %s: %s", "[2001:db8::1]:1234", "tls: first record does not look like a TLS handshake")
		}
		lines := logged(t, &log, "TLS handshake failed")
		if len(lines) != 2 || lines[0]["remote"] != "192.0.2.1" || lines[0]["error"] != "EOF" || lines[0]["level"] != "info" {
			t.Errorf("handshakes: %v", lines)
		}
		if got := series(t, r, "relay_tls_handshake_failures_total")[""].GetCounter().GetValue(); got != 100 {
			t.Errorf("%v are counted, want 100", got)
		}
		for range 50 {
			out.Print("http: Accept error: too many open files; retrying in 5ms")
		}
		time.Sleep(time.Second)
		out.Print("http: panic serving 192.0.2.1:1234: what")
		lines = logged(t, &log, "HTTP server")
		if len(lines) != serverLinesPerSecond+1 {
			t.Fatalf("%d lines, want %d:\n%s", len(lines), serverLinesPerSecond+1, &log)
		}
		last := lines[len(lines)-1]
		if lines[0]["level"] != "warn" || last["level"] != "error" || last["dropped"] != float64(50-serverLinesPerSecond) {
			t.Errorf("got %v and %v", lines[0], last)
		}
	})
}
