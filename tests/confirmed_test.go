package tests

import (
	"slices"
	"strings"
	"testing"

	"voicerelay/upstream/emulator"
	"voicerelay/upstream/emulator/voice"
)

// Vendors that tell the times of words and confirm a cancel: a text is spoken whole, a barge-in stops what is under way, and what
// the caller says next is heard at once.
func TestVendorsThatConfirmACancel(t *testing.T) {
	t.Parallel()
	for _, adapter := range []string{"inworld", "soniox"} {
		t.Run(adapter, func(t *testing.T) {
			t.Parallel()
			v := emulateBy(t, adapter, emulator.Options{Pace: 4})
			c := serve(t, speaksBy([]string{adapter}, map[string]*vendor{adapter: v})).dial(t)
			c.send(j{"type": "generate", "generation_id": "whole", "text": threeSentences, "word_timestamps": true})
			c.completed("whole")
			c.speaks("whole", threeSentences)
			var told []string
			for _, w := range c.words("whole") {
				told = append(told, voice.Words(w.Word)...)
			}
			if want := voice.Words(threeSentences); !slices.EqualFunc(told, want, strings.EqualFold) {
				t.Errorf("got times of %q, want %q", told, want)
			}
			c.send(j{"type": "generate", "generation_id": "cut", "text": threeSentences})
			c.await("audio", of("audio", "cut"))
			c.send(j{"type": "cancel", "generation_id": "cut"})
			same(t, "reason", c.done("cut").Reason, "cancelled")
			v.sees("the cancel, and nothing open", func(s emulator.Stats) bool { return len(s.Cancels) > 0 && s.OpenContexts == 0 })
			c.send(j{"type": "generate", "generation_id": "next", "text": twelve})
			c.completed("next")
			c.speaks("next", twelve)
		})
	}
}

// Generations of one context are on one socket at a vendor that ties contexts to sockets, whatever else is spoken meanwhile.
func TestAContextKeepsToOneSocket(t *testing.T) {
	t.Parallel()
	v := emulateBy(t, "vogent", emulator.Options{Pace: 20})
	c := serve(t, speaksBy([]string{"vogent"}, map[string]*vendor{"vogent": v})).dial(t)
	var ids []string
	for _, context := range []string{"a", "b", "c", "a", "b", "c", "a", "b", "c"} {
		id := context + strings.Repeat("-next", len(ids)/3)
		ids = append(ids, id)
		c.send(j{"type": "generate", "generation_id": id, "context_id": context, "text": twelve})
	}
	for _, id := range ids {
		c.completed(id)
		c.speaks(id, twelve)
	}
	if st := v.Stats(); st.Sockets != 1 {
		t.Errorf("three conversations were on %d sockets, want one that has room for all", st.Sockets)
	}
}
