package server

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/voicerelay/voicerelay/client/protocol"

	"voicerelay/downstream"
	"voicerelay/downstream/native"
	"voicerelay/relay/relaytest"
	"voicerelay/routing"
)

// openapi is what the document for machines says of paths: their methods, and the statuses of each.
func openapi(t *testing.T) map[string]map[string]struct{ Responses map[string]any } {
	t.Helper()
	source, err := os.ReadFile(filepath.Join("..", "docs", "openapi.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	plain, err := yaml.YAMLToJSON(source)
	if err != nil {
		t.Fatal(err)
	}
	var d struct {
		Paths map[string]map[string]struct{ Responses map[string]any }
	}
	if err := json.Unmarshal(plain, &d); err != nil {
		t.Fatal(err)
	}
	return d.Paths
}

// Every route that is served is documented, and the other way round.
func TestDocumentHasEveryRoute(t *testing.T) {
	served, documented := []string{"GET /healthz", "GET /readyz"}, []string(nil)
	for path, methods := range openapi(t) {
		for method := range methods {
			documented = append(documented, strings.ToUpper(method)+" "+path)
		}
	}
	for _, r := range append((native.Dialect{}).Routes(&Server{}), (&Server{}).ownRoutes()...) {
		served = append(served, r.Method+" "+r.Path)
	}
	slices.Sort(served)
	slices.Sort(documented)
	if !slices.Equal(served, documented) {
		t.Errorf("the document has %q, want %q", documented, served)
	}
}

// A path refuses the methods that are not documented with 405, and says which it has.
func TestPathsHaveTheirMethodsOnly(t *testing.T) {
	srv, err := New(withDefaults(Config{}), Parts{Table: &routing.Table{}, Registry: prometheus.NewRegistry(), Dialects: []downstream.Dialect{native.Dialect{}}})
	if err != nil {
		t.Fatal(err)
	}
	for path, documented := range openapi(t) {
		for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodDelete, http.MethodOptions} {
			r := httptest.NewRequest(method, "http://localhost"+path, nil)
			r.RemoteAddr = relaytest.Loopback.String()
			left, leave := context.WithCancel(t.Context())
			leave() // or what streams would not end
			w := httptest.NewRecorder()
			srv.Handler().ServeHTTP(w, r.WithContext(left))
			_, has := documented[strings.ToLower(method)]
			if got := w.Code == http.StatusMethodNotAllowed; got == has {
				t.Errorf("%s %s is answered with %d, documented: %v", method, path, w.Code, has)
			}
			wants := "GET, HEAD"
			switch path {
			case "/v1/speech":
				wants = "GET, POST"
			case "/v1/live/{record_id}":
				wants = "DELETE"
			case "/v1/demo":
				wants = "GET, PUT, HEAD"
			}
			if allow := w.Header().Get("Allow"); !has && allow != wants {
				t.Errorf("%s %s: Allow is %q", method, path, allow)
			}
		}
	}
}

// A HEAD of what becomes a WebSocket makes no sense: it is refused, as are the methods that the path does not have.
func TestHeadOfAWebSocketIsRefused(t *testing.T) {
	srv, err := New(withDefaults(Config{}), Parts{Table: &routing.Table{}, Registry: prometheus.NewRegistry(), Dialects: []downstream.Dialect{native.Dialect{}}})
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequest(http.MethodHead, "http://localhost/v1/speech", nil)
	r.RemoteAddr = relaytest.Loopback.String()
	w := httptest.NewRecorder()
	srv.Handler().ServeHTTP(w, r)
	if allow := w.Header().Get("Allow"); w.Code != http.StatusMethodNotAllowed || allow != "GET, POST" {
		t.Errorf("got %d, allowed are %q", w.Code, allow)
	}
}

// Whatever a generation can fail of has its status in the document.
func TestDocumentHasEveryStatusOfSpeech(t *testing.T) {
	statuses := openapi(t)["/v1/speech"]["post"].Responses
	for _, code := range protocol.Codes() {
		if statuses[strconv.Itoa(code.Status())] == nil {
			t.Errorf("POST /v1/speech can fail of %s, and %d is not documented", code, code.Status())
		}
	}
}
