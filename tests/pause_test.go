package tests

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"voicerelay/upstream/emulator"
)

// Open texts of one tenant that pause hold all slots of a vendor. A text of another tenant is spoken there soon, and those that
// paused are spoken on by the same vendor, as if nothing had been.
func TestPausedTextsGiveTheirSlotsToOtherTenants(t *testing.T) {
	for _, adapter := range slices.Sorted(maps.Keys(native)) {
		t.Run(adapter, func(t *testing.T) {
			t.Parallel()
			slots := 2
			if adapter == "zeligate" {
				slots = 1 // its engine speaks one stream at a time
			}
			cfg := fullAt(t, adapter, slots, emulator.Options{Pace: 8})
			ours, theirs := keyOf("ours"), keyOf("theirs")
			theirs["tenant"] = "zenith"
			cfg.Keys = []map[string]any{ours, theirs}
			r := serve(t, cfg)
			greedy, modest := r.dialAs("ours"), r.dialAs("theirs")
			for i := range slots {
				id := fmt.Sprint("g", i)
				greedy.send(j{"type": "generate", "generation_id": id, "text": "The quick brown fox jumps. ", "final": false})
				greedy.started(id)
			}
			<-time.After(3 * time.Second) // they have been spoken by then: nothing on the wire says so
			for i := range slots {
				greedy.send(j{"type": "append", "generation_id": fmt.Sprint("g", i), "text": ""})
			}
			began := time.Now()
			modest.send(j{"type": "generate", "generation_id": "m", "text": twelve})
			if m := modest.started("m"); m.Provider != "full" || time.Since(began) > 5*time.Second {
				modest.fail("spoken by %s after %v", m.Provider, time.Since(began))
			}
			modest.completed("m")
			for i := range slots {
				id := fmt.Sprint("g", i)
				greedy.send(j{"type": "append", "generation_id": id, "text": "Over a lazy dog near our house.", "final": true})
				m := greedy.completed(id)
				for _, a := range m.Usage.Attempts {
					if a.Provider != "full" || a.Outcome != "completed" {
						greedy.fail("%s: attempts %+v", id, m.Usage.Attempts)
					}
				}
				greedy.speaks(id, "The quick brown fox jumps. Over a lazy dog near our house.")
			}
		})
	}
}
