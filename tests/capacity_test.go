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
			v, backup := emulateBy(t, adapter, emulator.Options{Pace: 2}), emulate(t, emulator.Options{Pace: 2})
			cfg := speaksBy([]string{"full", "backup"}, map[string]*vendor{"full": v, "backup": backup})
			p := cfg.Providers["full"]
			if p.MaxConcurrent = 1; adapter == "zeligate" {
				p.MaxConcurrent = 0 // it has a bound of its own
			}
			cfg.Providers["full"] = p
			c := serve(t, cfg).dial(t)
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
