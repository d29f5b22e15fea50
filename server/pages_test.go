package server

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"voicerelay/downstream"
	"voicerelay/downstream/native"
	"voicerelay/limits"
	"voicerelay/relay/relaytest"
	"voicerelay/routing"
)

// A page of a configured origin may ask and read; one from elsewhere, and a program, are told nothing of it.
func TestPagesOfConfiguredOriginsMayRead(t *testing.T) {
	parts := fakeParts(t, routing.DefaultPace(), []string{"alpha"}, fakes{"alpha": relaytest.NewFake()})
	parts.Store, parts.Registry = limits.NewMemory(), prometheus.NewRegistry()
	parts.Dialects = []downstream.Dialect{native.Dialect{}}
	srv, err := New(withDefaults(Config{Origins: []string{"https://app.example.com"}}), parts)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		method, origin, asks string
		status               int
		allowed              bool
	}{
		{http.MethodOptions, "https://app.example.com", "POST", http.StatusNoContent, true},
		{http.MethodOptions, "https://app.example.com", "", http.StatusMethodNotAllowed, true},
		{http.MethodOptions, "https://evil.example.com", "POST", http.StatusForbidden, false},
		{http.MethodOptions, "", "POST", http.StatusMethodNotAllowed, false},
		{http.MethodGet, "https://app.example.com", "", http.StatusOK, true},
		{http.MethodGet, "https://evil.example.com", "", http.StatusForbidden, false},
		{http.MethodGet, "", "", http.StatusOK, false},
	} {
		r := httptest.NewRequest(tt.method, "http://localhost/v1/voices", nil)
		r.RemoteAddr = "127.0.0.1:4000"
		if tt.origin != "" {
			r.Header.Set("Origin", tt.origin)
		}
		if tt.asks != "" {
			r.Header.Set("Access-Control-Request-Method", tt.asks)
		}
		w := httptest.NewRecorder()
		srv.Handler().ServeHTTP(w, r)
		want := ""
		if tt.allowed {
			want = tt.origin
		}
		if got := w.Header().Get("Access-Control-Allow-Origin"); w.Code != tt.status || got != want {
			t.Errorf("%s from %q asking %q: %d for %q, want %d for %q", tt.method, tt.origin, tt.asks, w.Code, got, tt.status, want)
		}
		if varies := w.Header().Get("Vary") == "Origin"; varies != tt.allowed {
			t.Errorf("%s from %q: varies by origin: %v, want %v", tt.method, tt.origin, varies, tt.allowed)
		}
		preflight := w.Header().Get("Access-Control-Allow-Headers") != ""
		if preflight != (w.Code == http.StatusNoContent) {
			t.Errorf("%s from %q asking %q: answers as a preflight: %v", tt.method, tt.origin, tt.asks, preflight)
		}
	}
}

// Programs in pages send headers of their own: OpenAI's SDK sends eight.
func TestPagesMaySendTheHeadersTheyAskFor(t *testing.T) {
	r := httptest.NewRequest(http.MethodOptions, "http://localhost/v1/audio/speech", nil)
	for asked, want := range map[string]string{
		"": "Authorization, Content-Type, Idempotency-Key",
		"authorization, x-stainless-lang, accept": "authorization, x-stainless-lang, accept",
	} {
		r.Header.Set("Access-Control-Request-Headers", asked)
		w := httptest.NewRecorder()
		answerPreflight(w, r)
		if got := w.Header().Get("Access-Control-Allow-Headers"); got != want {
			t.Errorf("asked for %q: got %q, want %q", asked, got, want)
		}
	}
}
