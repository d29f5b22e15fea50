package tests

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"voicerelay/upstream/emulator"
)

// A caller interrupts at a vendor that speaks one stream at a time. The next text is spoken by the same vendor, as soon as
// that has let go of the first, and no text is refused.
func TestAnInterruptionAtAFullVendor(t *testing.T) {
	for _, adapter := range slices.Sorted(maps.Keys(native)) {
		t.Run(adapter, func(t *testing.T) {
			t.Parallel()
			slots := 1
			if adapter == "zeligate" {
				slots = 0 // it has a bound of its own
			}
			c := serve(t, fullAt(t, adapter, slots, emulator.Options{Pace: 2})).dial(t)
			for i := range 2 {
				id := fmt.Sprint("g", i)
				c.send(j{"type": "generate", "generation_id": id, "text": threeSentences})
				if m := c.started(id); m.Provider != "full" {
					c.fail("%s is spoken by %s", id, m.Provider)
				}
				time.Sleep(250 * time.Millisecond)
				c.send(j{"type": "cancel", "generation_id": id})
			}
			c.send(j{"type": "generate", "generation_id": "last", "text": twelve})
			m := c.completed("last")
			if len(m.Usage.Attempts) != 1 || m.Usage.Attempts[0].Provider != "full" {
				c.fail("attempts of the last: %+v", m.Usage.Attempts)
			}
		})
	}
}

// fullAt is a route to a vendor with so many slots, and to one that speaks where there is none.
func fullAt(t *testing.T, adapter string, slots int, o emulator.Options) *config {
	t.Helper()
	cfg := speaksBy([]string{"full", "backup"}, map[string]*vendor{"full": emulateBy(t, adapter, o), "backup": emulate(t, o)})
	p := cfg.Providers["full"]
	p.MaxConcurrent = slots
	cfg.Providers["full"] = p
	return cfg
}
