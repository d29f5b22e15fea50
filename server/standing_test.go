package server

import (
	"context"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coder/websocket"

	"voicerelay/relay/relaytest"
)

// watched is a rig whose ledger fails and works as the test wants, and that looks after it.
func watched(t *testing.T, f *relaytest.FakeProvider) (r *rig, failing *atomic.Bool) {
	t.Helper()
	r, failing = newRig(t, Config{}, []string{"alpha"}, fakes{"alpha": f}), new(atomic.Bool)
	r.srv.standing = func() Standing { return Standing{Unrecorded: failing.Load()} }
	ctx, stop := context.WithCancel(t.Context())
	over := make(chan struct{})
	go func() { defer close(over); r.srv.Watch(ctx) }()
	t.Cleanup(func() { stop(); <-over })
	return r, failing
}

// While nothing can be recorded no client is let in, so that a balancer and the clients themselves go elsewhere.
func TestNobodyIsLetInWhileNothingIsRecorded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, failing := watched(t, relaytest.NewFake())
		failing.Store(true)
		request := httptest.NewRequest(http.MethodGet, "http://localhost/v1/speech", nil)
		request.RemoteAddr = "127.0.0.1:9"
		upgrade(request)
		w := httptest.NewRecorder()
		r.srv.Handler().ServeHTTP(w, request)
		if got := (spoken{body: w.Body.Bytes()}); w.Code != 503 || got.code() != "ledger_unavailable" {
			t.Errorf("an upgrade: got %d %s", w.Code, w.Body)
		}
		if got := r.speak(`{"text":"hi"}`, nil); got.status != 503 || got.code() != "ledger_unavailable" {
			t.Errorf("a text: got %d %s", got.status, got.body)
		}
		failing.Store(false)
		r.dial("").until("ready")
		if got := r.speak(`{"text":"hi"}`, nil); got.status != 200 {
			t.Errorf("a text afterwards: got %d %s", got.status, got.body)
		}
	})
}

// Who is connected is sent away after a while, and once; what runs may end.
func TestClientsAreSentAwayWhileNothingIsRecorded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := relaytest.NewFake()
		f.Pace = time.Second
		r, failing := watched(t, f)
		idle, busy := r.dial(""), r.dial("")
		idle.until("ready")
		busy.send(generate("g1", relaytest.TwelveWords, ""))
		busy.until("started")
		failing.Store(true)
		began := time.Now()
		told, _ := idle.until("draining")
		if took := time.Since(began); took < awayAfter || took > awayAfter+2*lookEvery || told["grace_ms"] != 20000.0 {
			t.Errorf("told after %v: %v", took, told)
		}
		if got := idle.closeStatus(); got != websocket.StatusGoingAway {
			t.Errorf("closed with %d, want 1001", got)
		}
		busy.until("draining")
		failing.Store(false) // which doesn't hold up who was told
		_, before := busy.until("done")
		for _, e := range before {
			if e.kind() == "draining" {
				t.Error("told twice")
			}
		}
		if got := busy.closeStatus(); got != websocket.StatusGoingAway {
			t.Errorf("closed with %d, want 1001", got)
		}
	})
}

// A ledger that fails for a moment sends no client away.
func TestAShortFailureSendsNobodyAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, failing := watched(t, relaytest.NewFake())
		c := r.dial("")
		c.until("ready")
		for range 3 {
			failing.Store(true)
			time.Sleep(awayAfter - lookEvery)
			failing.Store(false)
			time.Sleep(2 * lookEvery)
		}
		c.send(generate("g1", "Hello there.", ""))
		if done, _ := c.until("done"); done["reason"] != "completed" {
			t.Errorf("got %v", done)
		}
	})
}
