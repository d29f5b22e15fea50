package server

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"

	"github.com/voicerelay/voicerelay/client/protocol"

	"voicerelay/access"
	"voicerelay/downstream"
	"voicerelay/relay/relaytest"
)

// spokenDialect is a dialect of one endpoint, which answers with its own name.
type spokenDialect struct {
	name, prefix string
	route        downstream.Route
}

func (d spokenDialect) Name() string   { return d.name }
func (d spokenDialect) Prefix() string { return d.prefix }

func (d spokenDialect) Routes(on downstream.Server) []downstream.Route {
	r := d.route
	r.Serve = func(w http.ResponseWriter, req *http.Request, key *access.Key) {
		who := "nobody"
		if key == nil {
			key, _ = on.Authenticate(req, "inside")
		}
		if key != nil {
			who = key.Name
		}
		_, _ = io.WriteString(w, d.name+" "+who) // the client is the test's own
	}
	return []downstream.Route{r}
}

// Dialects may have a path at the root in common: each gets what is its own, and the relay's own list the rest. Where a dialect
// is off, or not at the root, its paths are nobody's.
func TestDialectsAreMountedWhereTheyBelong(t *testing.T) {
	byHeader := func(r *http.Request) bool { return r.Header.Get("Xi-Api-Key") != "" }
	voices := downstream.Route{Method: "GET", Path: "/v1/voices", Root: "/v1/voices", Only: byHeader, Key: downstream.AnyKey}
	plain := downstream.Route{Method: "GET", Path: "/say", Root: "/say", Key: downstream.AnyKey, KeyInside: true, Refuse: func(w http.ResponseWriter, err *protocol.Error) {
		w.WriteHeader(err.HTTPStatus())
		_, _ = io.WriteString(w, "in its own words") // the client is the test's own
	}}
	dialects := []downstream.Dialect{
		spokenDialect{"eleven", "/eleven", voices},
		spokenDialect{"plain", "/plain", plain},
		spokenDialect{"off", "/off", plain},
		spokenDialect{"moved", "/moved", plain},
	}
	cfg := keyed("right", "inside")
	off, moved := downstream.DefaultSettings(), downstream.DefaultSettings()
	off.Enabled, moved.Prefix, moved.Root = false, "/elsewhere", false
	cfg.Dialects = map[string]downstream.Settings{"off": off, "moved": moved}
	synctest.Test(t, func(t *testing.T) {
		r := newRigWith(t, cfg, []string{"alpha"}, fakes{"alpha": relaytest.NewFake()}, func(p *Parts) { p.Dialects = dialects })
		for _, tt := range []struct {
			path, header, key string
			status            int
			answer            string
		}{
			{"/eleven/v1/voices", "Xi-Api-Key", "right", 200, "eleven right"},
			{"/eleven/v1/voices", "Authorization", "Bearer right", 200, "eleven right"},
			{"/v1/voices", "Xi-Api-Key", "right", 200, "eleven right"},
			{"/v1/voices", "Authorization", "Bearer right", 200, `{"voices":[{"name":"narrator","language":"en","routes":["default"],"providers":["alpha"]}]}` + "\n"},
			{"/plain/say", "Authorization", "Token right", 200, "plain right"},
			{"/say", "Authorization", "Token right", 200, "plain right"},
			{"/say", "Authorization", "Token wrong", 401, "in its own words"},
			{"/say", "", "", 200, "plain inside"},
			{"/off/say", "Authorization", "Bearer right", 404, ""},
			{"/moved/say", "Authorization", "Bearer right", 404, ""},
			{"/elsewhere/say", "Authorization", "Bearer right", 200, "moved right"},
		} {
			request, w := httptest.NewRequest(http.MethodGet, "http://localhost"+tt.path, nil), httptest.NewRecorder()
			if tt.header != "" {
				request.Header.Set(tt.header, tt.key)
			}
			r.http.Handler.ServeHTTP(w, request)
			status, body := w.Code, w.Body.String()
			if status != tt.status || tt.answer != "" && body != tt.answer {
				t.Errorf("%s with %s %s: %d %q, want %d %q", tt.path, tt.header, tt.key, status, body, tt.status, tt.answer)
			}
		}
	})
}
