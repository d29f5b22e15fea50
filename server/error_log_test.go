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
			out.Printf("http: no such thing %d", time.Now().UnixNano())
			time.Sleep(time.Millisecond)
		}
		if lines = logged(t, &log, "HTTP server"); len(lines) != serverLinesPerSecond || lines[0]["level"] != "warn" {
			t.Fatalf("%d lines, want %d:\n%s", len(lines), serverLinesPerSecond, &log)
		}
		time.Sleep(time.Second)
		out.Print("http: panic serving 192.0.2.1:1234: what\ngoroutine 1 [running]:\nmain.main()")
		lines = logged(t, &log, "panic in a handler")
		if len(lines) != 1 || lines[0]["level"] != "error" || lines[0]["dropped"] != float64(50-serverLinesPerSecond) ||
			lines[0]["fault"] != "192.0.2.1:1234: what" || lines[0]["stack"] == "" {
			t.Errorf("got %v", lines)
		}
	})
}

// A listener without a file for a connection tries again for as long as that takes.
func TestAServersStandingFaultIsToldOnceAMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		r := newRig(t, Config{}, []string{"alpha"}, fakes{"alpha": relaytest.NewFake()})
		r.srv.log = zerolog.New(&log)
		out := r.srv.ErrorLog()
		for i := range 90 {
			out.Printf("http: Accept error: too many open files; retrying in %dms", i)
			time.Sleep(time.Second)
		}
		lines := logged(t, &log, "HTTP server")
		if len(lines) != 2 || lines[0]["error"] != "Accept error: too many open files" || lines[1]["dropped"] != 59.0 {
			t.Errorf("got %v, want two lines in 90 s", lines)
		}
	})
}
