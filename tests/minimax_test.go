package tests

import (
	"fmt"
	"testing"

	"voicerelay/upstream/emulator"
)

// MiniMax's session is of one voice, and confirms a cancel. One generation after another is heard whole on one socket, also after one
// that was cut off; another voice has a session of its own.
func TestMiniMaxSpeaksOnAfterInterruptions(t *testing.T) {
	t.Parallel()
	v := emulateBy(t, "minimax", emulator.Options{Pace: 4})
	c := serve(t, speaksBy([]string{"minimax"}, map[string]*vendor{"minimax": v})).dial(t)
	cut := 0
	for i := range 6 {
		id := fmt.Sprint("g", i)
		c.send(j{"type": "generate", "generation_id": id, "text": twelve})
		if i%2 == 0 {
			c.completed(id)
			c.speaks(id, twelve)
			continue
		}
		c.await("audio", of("audio", id))
		c.send(j{"type": "cancel", "generation_id": id})
		if m := c.done(id); m.Reason != "cancelled" {
			c.fail("%s %s, want cancelled", id, m.Reason)
		}
		cut++
		v.sees("the cancel", func(s emulator.Stats) bool { return len(s.Cancels) == cut })
	}
	same(t, "sockets", v.Stats().Sockets, 1)
}

// A session that breaks off is another vendor's to finish.
func TestMiniMaxIsReplacedInMidSpeech(t *testing.T) {
	t.Parallel()
	for fault, reason := range map[string]string{"drop:1s": "dropped", "error:1000:1s": "upstream_error", "error:1002:1s": "throttled"} {
		t.Run(fault, func(t *testing.T) {
			t.Parallel()
			o := paced
			var err error
			if o.Fault, err = emulator.ParseFault(fault); err != nil {
				t.Fatal(err)
			}
			ill, well := emulateBy(t, "minimax", o), emulateBy(t, "together", paced)
			c := serve(t, speaksBy([]string{"ill", "well"}, map[string]*vendor{"ill": ill, "well": well})).dial(t)
			c.send(j{"type": "generate", "generation_id": "g", "text": twelve})
			c.resumes("g", twelve)
			if a := c.done("g").Usage.Attempts; len(a) != 2 || a[0].Code != reason {
				t.Errorf("attempts %+v, want the first to end as %s", a, reason)
			}
		})
	}
}
