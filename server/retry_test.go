package server

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"voicerelay/downstream"
	"voicerelay/limits"
	"voicerelay/relay/relaytest"
)

// A client that is refused for now is told when to ask again, whatever refuses it.
func TestEveryRefusalForNowSaysWhenToAskAgain(t *testing.T) {
	type refusal struct {
		method, path string
		prepare      func(r *rig)
		status       int
		after        string
	}
	for name, tt := range map[string]refusal{
		"rate":              {"POST", "/v1/speech", func(r *rig) { r.speak(`{"text":"hi"}`, nil) }, 429, "60"},
		"at once":           {"POST", "/v1/speech", takeAll, 429, "1"},
		"connections":       {"GET", "/v1/speech", func(r *rig) { r.srv.gate.Resize(limits.ConnectionBounds{}) }, 429, "1"},
		"connections, text": {"POST", "/v1/speech", func(r *rig) { r.srv.gate.Resize(limits.ConnectionBounds{}) }, 429, "1"},
		"draining":          {"GET", "/v1/speech", func(r *rig) { r.srv.Drain(context.Background(), 0) }, 503, "1"},
		"draining, text":    {"POST", "/v1/speech", func(r *rig) { r.srv.Drain(context.Background(), 0) }, 503, "1"},
		"ledger":            {"POST", "/v1/speech", unwritable, 503, "1"},
		"ready, draining":   {"GET", "/readyz", func(r *rig) { r.srv.Drain(context.Background(), 0) }, 503, "1"},
		"ready, ledger":     {"GET", "/readyz", unwritable, 503, "1"},
		"not refused":       {"GET", "/readyz", func(*rig) {}, 200, ""},
		"wrong":             {"POST", "/v1/speech?x=1", func(*rig) {}, 400, ""},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				cfg := quick(func(l *limits.Config) { l.HTTPGenerationsPerMinute = 1 })
				r := newRig(t, cfg, []string{"alpha"}, fakes{"alpha": relaytest.NewFake()})
				tt.prepare(r)
				request := httptest.NewRequest(tt.method, "http://localhost"+tt.path, strings.NewReader(`{"text":"hi"}`))
				request.RemoteAddr = "127.0.0.1:9"
				request.Header.Set("Content-Type", "application/json")
				if tt.method == "GET" {
					upgrade(request)
				}
				w := &unbuffered{httptest.NewRecorder()}
				r.srv.Handler().ServeHTTP(w, request)
				if w.Code != tt.status || w.Header().Get("Retry-After") != tt.after {
					t.Errorf("got %d, Retry-After %q; want %d, %q: %s", w.Code, w.Header().Get("Retry-After"), tt.status, tt.after, w.Body)
				}
			})
		})
	}
}

func unwritable(r *rig) { r.srv.standing = func() Standing { return Standing{Unrecorded: true} } }

// unbuffered is a recorder that takes deadlines, as a connection does.
type unbuffered struct{ *httptest.ResponseRecorder }

func (unbuffered) SetReadDeadline(time.Time) error  { return nil }
func (unbuffered) SetWriteDeadline(time.Time) error { return nil }

// Seconds are rounded up, so that who waits so long is served.
func TestRetryAfterIsRoundedUp(t *testing.T) {
	for after, want := range map[time.Duration]string{0: "1", time.Millisecond: "1", time.Second: "1", 1001 * time.Millisecond: "2", time.Hour: "3600"} {
		w := httptest.NewRecorder()
		if downstream.AskLater(w, http.StatusTooManyRequests, after); w.Header().Get("Retry-After") != want {
			t.Errorf("%v: %q, want %q", after, w.Header().Get("Retry-After"), want)
		}
	}
}

// takeAll takes all places for texts over HTTP.
func takeAll(r *rig) {
	for quota := r.setup().quotas[r.setup().local.Name]; ; {
		if _, full := quota.Enter(); full != nil {
			return
		}
	}
}
