package server

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"voicerelay/limits"
	"voicerelay/peers"
	"voicerelay/relay/relaytest"
	"voicerelay/server/live"
)

// adminOnly are an admin's key and a tenant's.
func adminOnly() Config {
	key := func(name, tenant string, admin bool) Key {
		return Key{Name: name, Tenant: tenant, Hash: sha256.Sum256([]byte(name)), Limits: limits.Default(), Admin: admin}
	}
	return Config{Keys: []Key{key("tenant", "acme", false), key("admin", "ops", true)}, Console: true}
}

// Only an admin's key may watch, list relays and end generations.
func TestLiveIsForAdmins(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, adminOnly(), []string{"alpha"}, fakes{"alpha": relaytest.NewFake()})
		for _, tt := range []struct{ method, path string }{
			{http.MethodGet, "/v1/live"},
			{http.MethodGet, "/v1/relays"},
			{http.MethodDelete, "/v1/live/x"},
			{http.MethodGet, "/v1/demo"},
			{http.MethodPut, "/v1/demo"},
		} {
			for key, want := range map[string]int{"": 401, "wrong": 401, "tenant": 403} {
				request, w := httptest.NewRequest(tt.method, "http://localhost"+tt.path, nil), httptest.NewRecorder()
				if key != "" {
					bearer(request, key)
				}
				r.http.Handler.ServeHTTP(w, request)
				if w.Code != want {
					t.Errorf("%s %s with %q: %d, want %d", tt.method, tt.path, key, w.Code, want)
				}
			}
		}
	})
}

// stream is somebody who watches.
type stream struct {
	t     *testing.T
	lines *bufio.Scanner
	leave context.CancelFunc
}

// watch begins to watch, and runs the relay's live side until the test's end.
func (r *rig) watch(query string) *stream {
	r.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://localhost/v1/live"+query, nil)
	if err != nil {
		r.t.Fatal(err)
	}
	transport := &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) { return r.pipe.Dial() }}
	res, err := (&http.Client{Transport: transport}).Do(request)
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() {
		cancel()
		_ = res.Body.Close()
		transport.CloseIdleConnections()
	})
	if res.StatusCode != http.StatusOK {
		r.t.Fatalf("watching is answered with %d", res.StatusCode)
	}
	lines := bufio.NewScanner(res.Body)
	lines.Buffer(nil, 4<<20)
	return &stream{r.t, lines, cancel}
}

// line is the next line.
func (s *stream) line() map[string]json.RawMessage {
	s.t.Helper()
	if !s.lines.Scan() {
		s.t.Fatalf("there are no more lines: %v", s.lines.Err())
	}
	var line map[string]json.RawMessage
	if err := json.Unmarshal(s.lines.Bytes(), &line); err != nil {
		s.t.Fatal(err)
	}
	return line
}

// runLive runs the live side until the test's end.
func (r *rig) runLive() {
	ctx, cancel := context.WithCancel(context.Background())
	var over sync.WaitGroup
	over.Go(func() { r.srv.RunLive(ctx) })
	r.t.Cleanup(func() {
		cancel()
		over.Wait()
	})
}

// A watcher sees all at first, then what changes: a generation that begins, and is ended by an operator, whose client gets done.
func TestGenerationIsWatchedAndEnded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fake := relaytest.NewFake()
		r := newRig(t, Config{}, []string{"alpha"}, fakes{"alpha": fake})
		r.runLive()
		s := r.watch("")
		if first := s.line(); string(first["type"]) != `"snapshot"` || string(first["generations"]) != "[]" {
			t.Fatalf("the first line is %s", first)
		}
		c := r.dial("")
		c.until("ready")
		c.send(`{"type":"generate","generation_id":"g1","context_id":"call","text":"Hello there, and so on.","final":false}`)
		accepted, _ := c.until("accepted")
		var running []struct {
			GenerationID string `json:"generation_id"`
			ContextID    string `json:"context_id"`
			Dialect      string
			Route        string
			Characters   int
		}
		for len(running) == 0 {
			line := s.line()
			if _, all := line["points"]; all && string(line["type"]) == `"snapshot"` {
				t.Fatal("a snapshot came twice")
			}
			if text := line["generations"]; text != nil {
				if err := json.Unmarshal(text, &running); err != nil {
					t.Fatal(err)
				}
			}
		}
		if g := running[0]; g.GenerationID != "g1" || g.Characters != 23 || g.Dialect != "native" || g.ContextID != "call" || g.Route != "default" {
			t.Errorf("the generation is told as %+v", g)
		}
		w := r.end(accepted["record_id"].(string))
		if w.Code != http.StatusOK {
			t.Errorf("ending it is answered with %d %s", w.Code, w.Body)
		}
		if done, _ := c.until("done"); done["reason"] != "cancelled" {
			t.Errorf("its client got %v", done)
		}
		for string(s.line()["generations"]) != "[]" { // until it is told that nothing runs
		}
		if w := r.end(accepted["record_id"].(string)); w.Code != http.StatusNotFound {
			t.Errorf("ending it again is answered with %d", w.Code)
		}
	})
}

// end asks for a generation to be ended.
func (r *rig) end(record string) *httptest.ResponseRecorder {
	request, w := httptest.NewRequest(http.MethodDelete, "http://localhost/v1/live/"+record, nil), httptest.NewRecorder()
	request.RemoteAddr = relaytest.Loopback.String()
	r.http.Handler.ServeHTTP(w, request)
	return w
}

// A relay on which nothing happens says so each 15 s at the latest, and nothing in between but the charts' points.
func TestIdleWatcherIsToldSeldom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, Config{}, []string{"alpha"}, fakes{"alpha": relaytest.NewFake()})
		r.runLive()
		s := r.watch("")
		s.line()
		began := time.Now()
		for range 10 {
			s.line()
		}
		if took := time.Since(began); took < 80*time.Second || took > 160*time.Second {
			t.Errorf("ten lines took %v", took)
		}
	})
}

// The stream ends with the key, and with the relay.
func TestWatchingEndsWithItsKeyAndTheRelay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, adminOnly(), []string{"alpha"}, fakes{"alpha": relaytest.NewFake()})
		ctx, cancel := context.WithCancel(t.Context())
		var over sync.WaitGroup
		over.Go(func() { r.srv.RunLive(ctx) })
		s := r.watch("?api_key=admin")
		s.line()
		cfg := r.cfg
		cfg.Keys = cfg.Keys[:1]
		if _, err := r.srv.Reload(cfg, r.parts); err != nil {
			t.Fatal(err)
		}
		for s.lines.Scan() { // until the key is found to be gone
		}
		if _, err := r.srv.Reload(r.cfg, r.parts); err != nil {
			t.Fatal(err)
		}
		again := r.watch("?api_key=admin")
		again.line()
		cancel()
		over.Wait()
		for again.lines.Scan() { // until the relay is over
		}
		request, w := httptest.NewRequest(http.MethodGet, "http://localhost/v1/live?api_key=admin", nil), httptest.NewRecorder()
		if r.http.Handler.ServeHTTP(w, request); w.Code != http.StatusServiceUnavailable || !strings.Contains(w.Body.String(), "draining") {
			t.Errorf("watching a relay that is over is answered with %d %s", w.Code, w.Body)
		}
	})
}

// An operator is told of other relays, also of one that is gone, and ends what runs there.
func TestOtherRelaysAreToldOf(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		text := []byte(`{"status":"ready","relay":{"host":"b","version":"v1","active":3,"open_circuits":[]}}`)
		fake := &fakePeers{others: []peers.Other{
			{Name: "beta", SeenAt: time.Now(), Summary: text}, {Name: "gone", SeenAt: time.Now().Add(-time.Minute)},
		}}
		r := newRigWith(t, Config{}, []string{"alpha"}, fakes{"alpha": relaytest.NewFake()}, func(p *Parts) {
			p.Peers, p.Identity = fake, live.Identity{Name: "alpha", Host: "a", Version: "v1"}
		})
		r.runLive()
		s := r.watch("")
		s.line()
		for {
			line := s.line()
			if !bytes.Contains(line["relays"], []byte(`"gone"`)) {
				continue
			}
			if !bytes.Contains(line["now"], []byte(`"active":3`)) {
				t.Errorf("all relays together are told as %s", line["now"])
			}
			break
		}
		if w := r.end("r1"); w.Code != http.StatusAccepted || strings.Join(fake.stopped, " ") != "beta/r1" {
			t.Errorf("ending what runs elsewhere is answered with %d, and %v were asked", w.Code, fake.stopped)
		}
		if w := r.end("not-a-record"); w.Code != http.StatusNotFound {
			t.Errorf("what is no record's id is answered with %d", w.Code)
		}
	})
}

// fakePeers are other relays.
type fakePeers struct {
	others  []peers.Other
	stopped []string
}

func (f *fakePeers) Exchange(context.Context, []byte, bool) (peers.Told, error) {
	return peers.Told{Others: f.others}, nil
}
func (f *fakePeers) Others(context.Context) ([]peers.Other, error) { return f.others, nil }
func (f *fakePeers) Leave(context.Context) error                   { return nil }
func (f *fakePeers) Stop(_ context.Context, relay, record string) error {
	f.stopped = append(f.stopped, relay+"/"+record)
	return nil
}
