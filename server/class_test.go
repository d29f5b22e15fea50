package server

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"

	"voicerelay/downstream"
	"voicerelay/downstream/native"
	"voicerelay/limits"
	"voicerelay/relay/relaytest"
	"voicerelay/routing"
	"voicerelay/upstream"
)

// Operators who have to mend a connection read what it failed at: in done, in the list of providers, and in the log.
func TestConnectErrorSaysWhatFailed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		alpha := relaytest.NewFake()
		alpha.Refuse = &upstream.Error{Kind: upstream.ConnectFailed, Class: upstream.ClassDNS, Message: "no connection: unknown"}
		parts := fakeParts(t, routing.DefaultPace(), []string{"alpha"}, fakes{"alpha": alpha})
		var log bytes.Buffer
		parts.Store, parts.Registry, parts.Log = limits.NewMemory(), prometheus.NewRegistry(), zerolog.New(zerolog.SyncWriter(&log))
		parts.Dialects = []downstream.Dialect{native.Dialect{}}
		srv, err := New(withDefaults(Config{}), parts)
		if err != nil {
			t.Fatal(err)
		}
		r := &rig{t: t, srv: srv, pipe: relaytest.NewListener(), http: &http.Server{Handler: srv.Handler()}}
		go func() { _ = r.http.Serve(r.pipe) }() // ends with close below
		defer r.close()
		c := r.dial("")
		c.send(generate("g1", relaytest.TwelveWords, ""))
		done, _ := c.until("done")
		attempt := done["usage"].(map[string]any)["attempts"].([]any)[0].(map[string]any)
		if got := attempt["message"]; attempt["code"] != "connect_failed" || got != "no connection: unknown (dns)" {
			t.Errorf("the attempt in done: %v", attempt)
		}
		w := httptest.NewRecorder()
		srv.AdminHandler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "http://localhost/v1/providers", nil))
		if !strings.Contains(w.Body.String(), `"connect_failed: no connection: unknown (dns)"`) {
			t.Errorf("providers: %s", w.Body)
		}
		r.close()
		if !strings.Contains(log.String(), `"class":"dns"`) {
			t.Errorf("the log: %s", &log)
		}
	})
}
