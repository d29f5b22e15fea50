package tests

import (
	"fmt"
	"net/http"
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
