package tests

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"voicerelay/upstream/emulator"
)

// A circuit that is open costs no attempt; where all are open the generation is refused at once.
func TestAnOpenCircuitIsNotTried(t *testing.T) {
	t.Parallel()
	ill, well := faulty(t, "refuse", emulator.Options{}), emulate(t, emulator.Options{})
	cfg := speaksBy([]string{"ill", "well"}, map[string]*vendor{"ill": ill, "well": well})
	cfg.Circuit = map[string]any{"consecutive_failures": 2, "open_for": "60s"}
	r := serve(t, cfg)
	c := r.dial(t)
	for i, want := range []int{2, 2, 1, 1} {
		id := fmt.Sprint("g", i)
		c.send(j{"type": "generate", "generation_id": id, "text": "lazy dog."})
		if got := c.completed(id).Usage.Attempts; len(got) != want {
			t.Errorf("generation %d took %d attempts, want %d", i, len(got), want)
		}
	}
	mark := c.mark()
	c.send(j{"type": "generate", "generation_id": "closed", "text": "lazy dog.", "route": "ill"})
	c.refusal(mark, "no_provider_available")
	if a := r.get(t, "/readyz", nil); a.status != http.StatusOK {
		t.Errorf("/readyz answers %d with one vendor well", a.status)
	}
}

func TestAnOpenCircuitClosesByRealTraffic(t *testing.T) {
	t.Parallel()
	ill, well := faulty(t, "refuse", emulator.Options{}), emulate(t, emulator.Options{})
	cfg := speaksBy([]string{"ill", "well"}, map[string]*vendor{"ill": ill, "well": well})
	cfg.Circuit = map[string]any{"consecutive_failures": 1, "open_for": "1s"}
	c := serve(t, cfg).dial(t)
	c.send(j{"type": "generate", "generation_id": "first", "text": "lazy dog."})
	c.completed("first")
	ill.SetFault(emulator.Fault{})
	for i, begun := 0, time.Now(); ; i++ {
		id := fmt.Sprint("g", i)
		c.send(j{"type": "generate", "generation_id": id, "text": "quick brown fox."})
		if m := c.completed(id); m.Usage.Attempts[0].Provider == "ill" {
			break
		}
		if time.Since(begun) > deadline {
			c.fail("the mended vendor never got its turn again")
		}
	}
	if n := requests(ill); n == 0 {
		t.Error("the mended vendor has spoken nothing")
	}
}

// providerState is a provider as GET /v1/providers shows it, as far as it is looked at.
type providerState struct {
	Name      string
	Circuit   string
	Warm      int
	LastError *string `json:"last_error"`
	Kept      int     `json:"conversations_kept"`
	Targets   []struct{ Circuit string }
}

func (r *relay) state(t *testing.T, name string) providerState {
	t.Helper()
	return r.stateAs(t, "", name)
}

// stateAs is state for an administrator's key; "": the relay has no keys.
func (r *relay) stateAs(t *testing.T, key, name string) providerState {
	t.Helper()
	var header http.Header
	if key != "" {
		header = bearer(key)
	}
	var body struct{ Providers []providerState }
	if err := json.Unmarshal(r.get(t, "/v1/providers", header).body, &body); err != nil {
		t.Fatal(err)
	}
	for _, p := range body.Providers {
		if p.Name == name {
			return p
		}
	}
	t.Fatalf("no provider %s in %+v", name, body)
	return providerState{}
}

// A vendor that asks to be left alone is, for as long as it asks, and its circuit stays closed.
func TestATargetRestsForItsRetryAfter(t *testing.T) {
	t.Parallel()
	busy, well := faulty(t, "refuse:429:3s", emulator.Options{}), emulate(t, emulator.Options{})
	r := serve(t, speaksBy([]string{"busy", "well"}, map[string]*vendor{"busy": busy, "well": well}))
	c := r.dial(t)
	c.send(j{"type": "generate", "generation_id": "first", "text": "lazy dog."})
	a := c.completed("first").Usage.Attempts
	refused := time.Now()
	if len(a) != 2 || a[0].Code != "throttled" {
		t.Fatalf("attempts %+v, want one throttled and one more", a)
	}
	busy.SetFault(emulator.Fault{})
	for i := 0; ; i++ {
		id := fmt.Sprint("g", i)
		began := time.Now()
		c.send(j{"type": "generate", "generation_id": id, "text": "lazy dog."})
		if c.completed(id); c.started(id).Provider == "busy" {
			if rested := time.Since(refused); rested < 2500*time.Millisecond {
				t.Errorf("it was tried again after %v, want 3s", rested)
			}
			break
		}
		if began.Sub(refused) > 10*time.Second {
			t.Fatal("it never gets its turn again")
		}
	}
	if s := r.state(t, "busy"); s.Circuit != "closed" {
		t.Errorf("its circuit is %s, want closed: it is well", s.Circuit)
	}
}

// Nothing but an operator mends a key that a vendor refuses, so one try is enough to know.
func TestABadKeyOpensTheCircuitAtOnce(t *testing.T) {
	t.Parallel()
	strict, well := emulate(t, emulator.Options{}), emulate(t, emulator.Options{})
	cfg := speaksBy([]string{"strict", "well"}, map[string]*vendor{"strict": strict, "well": well})
	p := cfg.Providers["strict"]
	p.APIKey = "ka_an0ther-acc0unts-key"
	cfg.Providers["strict"] = p
	r := serve(t, cfg)
	r.Log.Forbid(p.APIKey)
	c := r.dial(t)
	for i, want := range []int{2, 1, 1} {
		id := fmt.Sprint("g", i)
		c.send(j{"type": "generate", "generation_id": id, "text": "lazy dog."})
		a := c.completed(id).Usage.Attempts
		if len(a) != want || want == 2 && a[0].Code != "auth_failed" {
			t.Errorf("generation %d took %+v, want %d attempts, of which the first tells auth_failed", i, a, want)
		}
	}
	s := r.state(t, "strict")
	same(t, "its circuit", s.Circuit, "open")
	if len(s.Targets) != 1 {
		t.Fatalf("targets %+v, want one", s.Targets)
	}
	same(t, "its target's circuit", s.Targets[0].Circuit, "open")
	if s.LastError == nil || !strings.HasPrefix(*s.LastError, "auth_failed") || strings.Contains(*s.LastError, p.APIKey) {
		t.Errorf("last_error is %v, want auth_failed, and no key", s.LastError)
	}
	if s := r.state(t, "well"); s.Circuit != "closed" || s.LastError != nil {
		t.Errorf("the other is %+v, want closed and without an error", s)
	}
}
