package tests

import (
	"fmt"
	"testing"

	"voicerelay/upstream/emulator"
	"voicerelay/upstream/emulator/voice"
)

// Fish Audio's socket speaks one text, which nothing but its end stops. Each generation has one of its own, with the times of all its
// words, and what follows one that was cut off is heard whole.
func TestFishSpeaksASocketEach(t *testing.T) {
	t.Parallel()
	v := emulateBy(t, "fish", emulator.Options{Pace: 4})
	c := serve(t, speaksBy([]string{"fish"}, map[string]*vendor{"fish": v})).dial(t)
	for i := range 4 {
		id := fmt.Sprint("g", i)
		c.send(j{"type": "generate", "generation_id": id, "text": twelve, "word_timestamps": true})
		if i%2 == 0 {
			c.completed(id)
			c.speaks(id, twelve)
			same(t, "words of "+id, len(c.words(id)), len(voice.Words(twelve)))
			continue
		}
		c.await("audio", of("audio", id))
		c.send(j{"type": "cancel", "generation_id": id})
		if m := c.done(id); m.Reason != "cancelled" {
			c.fail("%s %s, want cancelled", id, m.Reason)
		}
		v.sees("the end of its socket", func(s emulator.Stats) bool { return s.OpenContexts == 0 })
	}
	if n := v.Stats().Sockets; n < 4 {
		c.fail("%d sockets for four generations", n)
	}
}

// A socket that breaks off is another vendor's to finish. The words that were heard by then are told, so it goes on with the next.
func TestFishIsReplacedInMidSpeech(t *testing.T) {
	t.Parallel()
	for fault, reason := range map[string]string{"drop:1s": "dropped", "error:1s": "upstream_error"} {
		t.Run(fault, func(t *testing.T) {
			t.Parallel()
			o := paced
			var err error
			if o.Fault, err = emulator.ParseFault(fault); err != nil {
				t.Fatal(err)
			}
			ill, well := emulateBy(t, "fish", o), emulateBy(t, "together", paced)
			c := serve(t, speaksBy([]string{"ill", "well"}, map[string]*vendor{"ill": ill, "well": well})).dial(t)
			c.send(j{"type": "generate", "generation_id": "g", "text": twelve})
			c.resumes("g", twelve)
			if a := c.done("g").Usage.Attempts; len(a) != 2 || a[0].Code != reason {
				t.Errorf("attempts %+v, want the first to end as %s", a, reason)
			}
		})
	}
}
