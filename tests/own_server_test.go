package tests

import (
	"testing"
	"time"

	"voicerelay/upstream/emulator"
)

// ownServers are the adapters of servers that people run themselves, which speak neither over WebSockets nor to one vendor.
var ownServers = []string{"openai", "wyoming"}

// A text is spoken to its last word, a cancel reaches the server, and the next text is spoken by it as if nothing had been.
func TestServersOfOnesOwn(t *testing.T) {
	for _, adapter := range ownServers {
		t.Run(adapter, func(t *testing.T) {
			t.Parallel()
			v := emulateBy(t, adapter, emulator.Options{Pace: 4})
			c := serve(t, speaksBy([]string{"own"}, map[string]*vendor{"own": v})).dial(t)
			c.send(j{"type": "generate", "generation_id": "whole", "text": threeSentences})
			c.completed("whole")
			c.speaks("whole", threeSentences)
			c.send(j{"type": "generate", "generation_id": "cut", "text": threeSentences})
			c.started("cut")
			time.Sleep(100 * time.Millisecond) // some of it has been heard
			c.send(j{"type": "cancel", "generation_id": "cut"})
			v.sees("the cancel", func(s emulator.Stats) bool { return s.OpenContexts == 0 && len(s.Cancels) > 0 })
			c.send(j{"type": "generate", "generation_id": "next", "text": twelve})
			c.completed("next")
			c.speaks("next", twelve)
		})
	}
}

// A server that breaks off in mid-speech is replaced, and so is one where nobody listens.
func TestServersOfOnesOwnAreReplaced(t *testing.T) {
	for _, adapter := range ownServers {
		for fault, code := range map[string]string{"drop:700ms": "dropped", "gone": "connect_failed"} {
			t.Run(adapter+" "+fault, func(t *testing.T) {
				t.Parallel()
				var o emulator.Options
				if fault != "gone" {
					var err error
					if o.Fault, err = emulator.ParseFault(fault); err != nil {
						t.Fatal(err)
					}
				}
				own := emulateBy(t, adapter, o)
				if fault == "gone" {
					if err := own.Close(); err != nil {
						t.Fatal(err)
					}
				}
				c := serve(t, speaksBy([]string{"own", "backup"}, map[string]*vendor{"own": own, "backup": emulate(t, emulator.Options{})})).dial(t)
				c.send(j{"type": "generate", "generation_id": "g", "text": threeSentences})
				attempts := c.completed("g").Usage.Attempts
				if len(attempts) != 2 || attempts[0].Code != code || attempts[1].Provider != "backup" {
					c.fail("attempts %+v, want one that is %s, and the backup", attempts, code)
				}
			})
		}
	}
}
