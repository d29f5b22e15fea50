package server

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"voicerelay/relay/relaytest"
)

// A relay that is about to drain says so to balancers, and serves whoever comes until it does.
func TestARelayThatIsAboutToDrainServesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, Config{}, []string{"alpha"}, fakes{"alpha": relaytest.NewFake()})
		readiness := func() int {
			w, request := httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "http://localhost/readyz", nil)
			request.RemoteAddr = relaytest.Loopback.String()
			r.http.Handler.ServeHTTP(w, request)
			return w.Code
		}
		if got := readiness(); got != http.StatusOK {
			t.Fatalf("ready: %d", got)
		}
		began, over := time.Now(), make(chan struct{})
		go func() {
			defer close(over)
			r.srv.GoAway(context.Background(), 10*time.Second)
		}()
		synctest.Wait()
		if got := readiness(); got != http.StatusServiceUnavailable {
			t.Errorf("about to drain: %d, want 503", got)
		}
		c := r.dial("")
		c.send(generate("g1", "Hello there.", ""))
		if done, _ := c.until("done"); done["reason"] != "completed" {
			t.Errorf("a newcomer's generation: %v", done)
		}
		<-over
		if took := time.Since(began); took != 10*time.Second {
			t.Errorf("it took %v", took)
		}
	})
}
