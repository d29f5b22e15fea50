package tests

import (
	"fmt"
	"testing"

	"voicerelay/upstream/emulator"
	"voicerelay/upstream/emulator/voice"
)

// By either of Rime's protocols callers are heard whole, several at once, with the times of their words; one that interrupts takes
// nothing along.
func TestRimeSpeaksByBothProtocols(t *testing.T) {
	t.Parallel()
	for _, protocol := range []string{"v1", "ws3"} {
		t.Run(protocol, func(t *testing.T) {
			t.Parallel()
			v := emulateBy(t, "rime", emulator.Options{Pace: 4})
			cfg := speaksBy([]string{"rime"}, map[string]*vendor{"rime": v})
			p := cfg.Providers["rime"]
			p.Options = map[string]any{"protocol": protocol}
			cfg.Providers["rime"] = p
			c := serve(t, cfg).dial(t)
			for i := range 6 {
				c.send(j{"type": "generate", "generation_id": fmt.Sprint("g", i), "text": twelve, "word_timestamps": true})
			}
			c.await("audio", of("audio", "g3"))
			c.send(j{"type": "cancel", "generation_id": "g3"})
			for i := range 6 {
				id := fmt.Sprint("g", i)
				if m := c.done(id); i == 3 {
					if m.Reason != "cancelled" {
						c.fail("%s %s, want cancelled", id, m.Reason)
					}
					continue
				}
				c.completed(id)
				c.speaks(id, twelve)
				same(t, "words of "+id, len(c.words(id)), len(voice.Words(twelve)))
			}
			v.sees("that nothing is open", func(s emulator.Stats) bool { return s.OpenContexts == 0 })
		})
	}
}

// A vendor that fails in mid-speech is another one's to finish, by either protocol.
func TestRimeIsReplacedInMidSpeech(t *testing.T) {
	t.Parallel()
	for _, protocol := range []string{"v1", "ws3"} {
		t.Run(protocol, func(t *testing.T) {
			t.Parallel()
			o := paced
			var err error
			if o.Fault, err = emulator.ParseFault("drop:1s"); err != nil {
				t.Fatal(err)
			}
			ill, well := emulateBy(t, "rime", o), emulateBy(t, "together", paced)
			cfg := speaksBy([]string{"ill", "well"}, map[string]*vendor{"ill": ill, "well": well})
			p := cfg.Providers["ill"]
			p.Options = map[string]any{"protocol": protocol}
			cfg.Providers["ill"] = p
			c := serve(t, cfg).dial(t)
			c.send(j{"type": "generate", "generation_id": "g", "text": twelve})
			c.resumes("g", twelve)
			if a := c.done("g").Usage.Attempts; len(a) != 2 || a[0].Code != "dropped" {
				t.Errorf("attempts %+v, want the first to be dropped", a)
			}
		})
	}
}
