package matrix

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"voicerelay/upstream/cartesia"
	"voicerelay/upstream/elevenlabs"
	"voicerelay/upstream/emulator"
)

// A vendor that breaks off in the pause after a word whose times are whole has said it, though no other word follows.
func TestWordBeforeAPauseIsNotSaidAgain(t *testing.T) {
	const text = "One two three. Four five six seven."
	all := vendors()
	backup, told := all[0], []vendor{
		all[2], all[3],
		{name: "elevenlabs", driver: elevenlabs.Driver, model: "eleven_flash_v2_5", voice: "21m00Tcm4TlvDq8ikWAM"},
		{name: "cartesia", driver: cartesia.Driver, model: "sonic-3", voice: "a0e99841-438c-4a64-b679-ae501e7d6091"},
	} // those that tell times as they speak: KugelAudio tells them after a chunk
	for _, v := range told {
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
