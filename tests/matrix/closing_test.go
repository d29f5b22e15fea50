package matrix

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"voicerelay/upstream/emulator"
)

// A vendor that breaks off in the pause after a word whose times are whole has said it, though no other word follows.
func TestWordBeforeAPauseIsNotSaidAgain(t *testing.T) {
	const text = "One two three. Four five six seven."
	backup := vendorOf("kugelaudio")
	// Those that tell times as they speak: KugelAudio tells them after a chunk.
	for _, name := range []string{"vogent", "together", "elevenlabs", "cartesia"} {
		v := vendorOf(name)
		for _, kind := range []emulator.FaultKind{emulator.Drop, emulator.Stall} {
			t.Run(v.name+" "+string(kind), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					r := newRig(t, []vendor{v, backup}, longPatience)
					ends := wordEnds(r.say("default", "whole", text).pcm)
					if len(ends) != 7 {
						t.Fatalf("heard %d words, want 7", len(ends))
					}
					r.emulators[0].SetFault(emulator.Fault{Kind: kind, After: ends[2] + 80*time.Millisecond})
					u := r.say("default", "broken", text)
					if len(u.rerouted) != 1 {
						t.Fatalf("ended %s with %+v", u.reason, u.attempts)
					}
					if got := u.rerouted[0]; got.Char != strings.Index(text, "Four") {
						t.Errorf("resumed at %q by %s", text[got.Char:], got.Source)
					}
				})
			})
		}
	}
}
