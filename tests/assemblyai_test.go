package tests

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"voicerelay/upstream/emulator"
	"voicerelay/upstream/emulator/voice"
)

// AssemblyAI numbers what it speaks through all of a socket's life, cancels too. One generation after another is heard whole there,
// with the times of its words, also after one that was cut off.
func TestAssemblyAISpeaksOnAfterInterruptions(t *testing.T) {
	t.Parallel()
	v := emulateBy(t, "assemblyai", emulator.Options{Pace: 4})
	c := serve(t, speaksBy([]string{"assemblyai"}, map[string]*vendor{"assemblyai": v})).dial(t)
	cut := 0
	for i := range 6 {
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
		cut++
		v.sees("the cancel", func(s emulator.Stats) bool { return len(s.Cancels) == cut && s.OpenContexts == 0 })
	}
	same(t, "sockets", v.Stats().Sockets, 1)
}

// A session that breaks off is another vendor's to finish. It has told no times yet of what it was speaking, so where that has to be
// gone on with is an estimate: no word may be missing, but some may be heard twice.
func TestAssemblyAIIsReplacedInMidSpeech(t *testing.T) {
	t.Parallel()
	for fault, reason := range map[string]string{"drop:1s": "dropped", "error:3005:1s": "upstream_error", "close:3008:1s": "dropped"} {
		t.Run(fault, func(t *testing.T) {
			t.Parallel()
			o := paced
			var err error
			if o.Fault, err = emulator.ParseFault(fault); err != nil {
				t.Fatal(err)
			}
			ill, well := emulateBy(t, "assemblyai", o), emulateBy(t, "together", paced)
			c := serve(t, speaksBy([]string{"ill", "well"}, map[string]*vendor{"ill": ill, "well": well})).dial(t)
			c.send(j{"type": "generate", "generation_id": "g", "text": twelve})
			c.resumes("g", twelve)
			if a := c.done("g").Usage.Attempts; len(a) != 2 || a[0].Code != reason {
				t.Errorf("attempts %+v, want the first to end as %s", a, reason)
			}
		})
	}
}

// resumes checks that a generation was completed by a second voice, which began no later than the first one broke off: what is heard is
// a beginning of the text, of which the last word may be broken off, and then all of it from where the second resumed.
func (c *client) resumes(id, text string) {
	c.t.Helper()
	c.completed(id)
	all, heard := voice.Words(text), c.heard(id, voice.Words(text)...)
	at := c.await("rerouted", of("rerouted", id)).ResumeChar
	rest := voice.Words(text[at:])
	n := len(heard) - len(rest)
	if n < len(all)-len(rest) || !slices.EqualFunc(heard[max(n, 0):], rest, strings.EqualFold) {
		c.fail("%s: heard %q, which does not end with %q", id, heard, rest)
	}
	for i, word := range heard[:n] {
		if !strings.EqualFold(word, all[i]) && (i < n-1 || word != voice.Unknown) {
			c.fail("%s: heard %q, which does not begin as %q does", id, heard, all)
		}
	}
}
