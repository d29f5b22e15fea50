package tests

import (
	"net/http"
	"testing"
	"time"

	"github.com/coder/websocket"

	"voicerelay/upstream/emulator"
)

func isDraining(m message) bool { return m.kind == "draining" }

// What runs may end, what is new is refused, and then the connection is closed.
func TestSIGTERMLetsRunningSpeechEnd(t *testing.T) {
	t.Parallel()
	cfg := speaksByOne(emulate(t, emulator.Options{Pace: 4}))
	cfg.ShutdownGrace = "15s"
	r := serve(t, cfg)
	c := r.dial(t)
	c.send(j{"type": "generate", "generation_id": "g", "text": twelve})
	c.await("audio", of("audio", "g"))
	r.Terminate()
	if m := c.await("draining", isDraining); m.GraceMS != 15000 {
		t.Errorf("grace_ms %d, want 15000", m.GraceMS)
	}
	mark := c.mark()
	c.send(j{"type": "generate", "generation_id": "late", "text": twelve})
	c.refusal(mark, "draining")
	c.completed("g")
	c.speaks("g", twelve)
	c.closed(websocket.StatusGoingAway)
	if code := r.Exit(); code != 0 {
		t.Errorf("exit code %d", code)
	}
}

func TestDrainingRefusesConnections(t *testing.T) {
	t.Parallel()
	cfg := speaksByOne(emulate(t, emulator.Options{Pace: 1}))
	cfg.ShutdownGrace = "3s"
	r := serve(t, cfg)
	c := r.dial(t)
	c.send(j{"type": "generate", "generation_id": "g", "text": threeSentences})
	c.started("g")
	r.Terminate()
	c.await("draining", isDraining)
	r.refusesUpgrade(t, dialing{}, http.StatusServiceUnavailable, "draining")
	if code := r.get(t, "/readyz", nil).status; code != http.StatusServiceUnavailable {
		t.Errorf("/readyz answers %d while draining", code)
	}
	if code := r.get(t, "/healthz", nil).status; code != http.StatusOK {
		t.Errorf("/healthz answers %d while draining", code)
	}
	c.done("g")
	c.closed(websocket.StatusGoingAway)
}

// Where the grace is over the vendor is told to stop, and the client gets its done before the close.
func TestTheVendorIsStoppedWhenTheGraceEnds(t *testing.T) {
	t.Parallel()
	v := emulate(t, emulator.Options{Pace: 1})
	cfg := speaksByOne(v)
	cfg.ShutdownGrace = "1s"
	r := serve(t, cfg)
	c := r.dial(t)
	c.send(j{"type": "generate", "generation_id": "g", "text": threeSentences + " " + threeSentences})
	c.send(j{"type": "generate", "generation_id": "open", "text": "", "final": false})
	c.await("audio", of("audio", "g"))
	begun := time.Now()
	r.Terminate()
	if m := c.done("g"); m.Reason == "completed" {
		t.Errorf("the generation completed within the grace: the test's text is too short")
	}
	c.done("open")
	c.closed(websocket.StatusGoingAway)
	v.sees("the cancel", func(s emulator.Stats) bool { return len(s.Cancels) == 1 && s.OpenContexts == 0 })
	r.Exit()
	if took := time.Since(begun); took > 8*time.Second {
		t.Errorf("the relay took %v to stop, its grace is 1s", took)
	}
}

func TestAnIdleRelayStopsAtOnce(t *testing.T) {
	t.Parallel()
	cfg := speaksByOne(emulate(t, emulator.Options{}))
	cfg.ShutdownGrace = "20s"
	r := serve(t, cfg)
	c := r.dial(t)
	begun := time.Now()
	r.Terminate()
	c.closed(websocket.StatusGoingAway)
	if code := r.Exit(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	if took := time.Since(begun); took > 5*time.Second {
		t.Errorf("a relay with nothing to do took %v to stop", took)
	}
}
