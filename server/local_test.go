package server

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"

	"voicerelay/relay/relaytest"
)

// What shows that it came through a proxy, or from a page of another site, is refused where there are no keys: who asked
// the proxy may be anybody.
func TestNoProxyBeforeARelayWithoutKeys(t *testing.T) {
	header := func(name, value string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Set(name, value) }
	}
	old := func(connection string) func(*http.Request) {
		return func(r *http.Request) {
			r.Proto, r.ProtoMajor, r.ProtoMinor = "HTTP/1.0", 1, 0
			if connection != "" {
				r.Header.Set("Connection", connection)
			}
		}
	}
	for name, tt := range map[string]struct {
		change        func(*http.Request)
		local, keyful int
	}{
		"a program":                {func(*http.Request) {}, 200, 200},
		"X-Forwarded-For":          {header("X-Forwarded-For", "::1"), 403, 200},
		"X-Forwarded-Host":         {header("X-Forwarded-Host", "localhost"), 403, 200},
		"Forwarded":                {header("Forwarded", "for=::1"), 403, 200},
		"X-Real-IP":                {header("X-Real-IP", "127.0.0.1"), 403, 200},
		"Via":                      {header("Via", "1.1 squid"), 403, 200},
		"CF-Connecting-IP":         {header("CF-Connecting-IP", "192.0.2.1"), 403, 200},
		"nginx as it comes":        {old("close"), 403, 200},
		"a program of HTTP/1.0":    {old(""), 200, 200},
		"one that keeps it alive":  {old("keep-alive"), 200, 200},
		"an image of another site": {header("Sec-Fetch-Site", "cross-site"), 403, 200},
		"an image of another port": {header("Sec-Fetch-Site", "same-site"), 403, 200},
		"a frame of another site": {func(r *http.Request) {
			r.Header.Set("Sec-Fetch-Site", "cross-site")
			r.Header.Set("Sec-Fetch-Mode", "navigate")
			r.Header.Set("Sec-Fetch-Dest", "iframe")
		}, 403, 200},
		"a link that is followed": {func(r *http.Request) {
			r.Header.Set("Sec-Fetch-Site", "cross-site")
			r.Header.Set("Sec-Fetch-Mode", "navigate")
			r.Header.Set("Sec-Fetch-Dest", "document")
		}, 200, 200},
		"an address that was typed": {header("Sec-Fetch-Site", "none"), 200, 200},
		"a page that is configured": {func(r *http.Request) {
			r.Header.Set("Origin", "https://app.example.com")
			r.Header.Set("Sec-Fetch-Site", "cross-site")
		}, 200, 200},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				for cfg, want := range map[*Config]int{{}: tt.local, keyedAt(): tt.keyful} {
					cfg.Origins = []string{"https://app.example.com"}
					rig := newRig(t, *cfg, []string{"alpha"}, fakes{"alpha": relaytest.NewFake()})
					request := httptest.NewRequest(http.MethodGet, "http://localhost/v1/voices", nil)
					request.RemoteAddr = "127.0.0.1:9"
					bearer(request, "right")
					tt.change(request)
					w := httptest.NewRecorder()
					rig.srv.Handler().ServeHTTP(w, request)
					if w.Code != want {
						t.Errorf("with %d keys: %d %s, want %d", len(cfg.Keys), w.Code, w.Body, want)
					}
				}
			})
		})
	}
}

func keyedAt() *Config {
	cfg := keyed("right")
	return &cfg
}

// The address without keys serves operators and Prometheus, and no page that a browser was led to.
func TestWhoMayAskTheAdminAddress(t *testing.T) {
	for name, tt := range map[string]struct {
		host   string
		header http.Header
		want   int
	}{
		"by address":          {"192.0.2.1:9090", nil, 200},
		"by IPv6":             {"[::1]:9090", nil, 200},
		"localhost":           {"localhost:9090", nil, 200},
		"a name of a network": {"relay-1:9090", nil, 200},
		"configured":          {"relay.internal:9090", nil, 200},
		"a page's own name":   {"evil.example:9090", nil, 403},
		"with a final dot":    {"evil.example.:9090", nil, 403},
		"a strange origin":    {"localhost:9090", http.Header{"Origin": {"https://evil.example"}}, 403},
		"no origin at all":    {"localhost:9090", http.Header{"Origin": {"null"}}, 403},
		"a configured origin": {"localhost:9090", http.Header{"Origin": {"https://app.example.com"}}, 200},
		"an image elsewhere":  {"localhost:9090", http.Header{"Sec-Fetch-Site": {"cross-site"}}, 403},
		"behind a proxy":      {"relay-1:9090", http.Header{"X-Forwarded-For": {"192.0.2.7"}}, 200},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				cfg := Config{Hosts: []string{"relay.internal"}, Origins: []string{"https://app.example.com"}}
				r := newRig(t, cfg, []string{"alpha"}, fakes{"alpha": relaytest.NewFake()})
				for _, path := range []string{"/metrics", "/v1/providers", "/healthz", "/readyz"} {
					request := httptest.NewRequest(http.MethodGet, "http://"+tt.host+path, nil)
					for name, values := range tt.header {
						request.Header[name] = values
					}
					w := httptest.NewRecorder()
					r.srv.AdminHandler().ServeHTTP(w, request)
					if w.Code != tt.want {
						t.Errorf("%s: %d, want %d", path, w.Code, tt.want)
					}
				}
			})
		})
	}
}
