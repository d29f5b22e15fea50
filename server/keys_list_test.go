package server

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"voicerelay/relay/relaytest"
)

// A tenant sees its own keys by name, an admin all of them, and nobody a key or its hash.
func TestKeysAndTenantsAreListed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := budgeted()
		cfg.Keys[0].Expires = time.Now().Add(time.Hour)
		r := newRig(t, cfg, []string{"alpha"}, fakes{"alpha": relaytest.NewFake()})
		ask := func(path, key string) string {
			request, w := httptest.NewRequest(http.MethodGet, "http://localhost"+path, nil), httptest.NewRecorder()
			bearer(request, key)
			r.http.Handler.ServeHTTP(w, request)
			if w.Code != http.StatusOK {
				t.Errorf("%s: %d %s", path, w.Code, w.Body)
			}
			return w.Body.String()
		}
		limits := `"limits":{"generations_per_minute":60,"max_concurrent_generations":16,"http_generations_per_minute":600,` +
			`"max_concurrent_requests":160,"max_text_characters":10000}}`
		bound := `{"name":"bound","tenant":"acme","secret":"key","admin":false,"expires_at":"2000-01-01T01:00:00Z",` +
			`"last_used_at":"2000-01-01T00:00:00Z",` + limits
		again := `{"name":"again","tenant":"acme","secret":"key","admin":false,"expires_at":null,"last_used_at":null,` + limits
		if got, want := ask("/v1/keys", "bound"), `{"keys":[`+bound+","+again+"]}\n"; got != want {
			t.Errorf("keys of a tenant:\n%s, want\n%s", got, want)
		}
		if got := ask("/v1/keys", "admin"); strings.Count(got, `"name"`) != len(cfg.Keys) {
			t.Errorf("keys of all: %s", got)
		}
		tenant := func(name, keys string) string {
			return `{"name":"` + name + `","keys":[` + keys + `],"limits":{"generations_per_minute":0,"max_concurrent_generations":0}}`
		}
		acme := tenant("acme", `"bound","again"`)
		for key, want := range map[string]string{
			"bound": acme, "admin": acme + "," + tenant("bcorp", `"free"`) + "," + tenant("ops", `"admin"`),
		} {
			if got := ask("/v1/tenants", key); got != `{"tenants":[`+want+"]}\n" {
				t.Errorf("tenants for %s: %s, want %s", key, got, want)
			}
		}
	})
}
