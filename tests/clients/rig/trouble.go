package rig

import (
	"slices"
	"testing"
	"time"

	"voicerelay/upstream/emulator"
	"voicerelay/upstream/emulator/voice"
)

// settled bounds the wait for what a vendor or the ledger must notice.
const settled = 10 * time.Second

// vendor is a vendor by its name.
func (r *Rig) vendor(t *testing.T, name string) *RunningVendor {
	t.Helper()
	v := r.Vendors[name]
	if v == nil {
		t.Fatalf("the rig has no vendor %q", name)
	}
	return v
}

// BreakIn has each stream of a vendor that begins from now on lose its connection in the middle of a word: the nth, from 0, of
// the text that the vendor is given first. Where a client sends whole sentences, that is mostly the first of them.
func (r *Rig) BreakIn(t *testing.T, vendor, text string, n int) {
	t.Helper()
	v := r.vendor(t, vendor)
	words := voice.Speak(text, v.Options().Seed, nativeRate, 1).Words
	if n >= len(words) {
		t.Fatalf("%q has no word %d", text, n)
	}
	// A frame ends after that, and so the connection.
	v.SetFault(emulator.Fault{Kind: emulator.Drop, After: words[n].Start + (words[n].End-words[n].Start)/3})
}

// nativeRate is the rate at which emulated vendors generate, in hertz.
const nativeRate = 24000

// Kill ends a vendor: its connections break, and new ones are refused.
func (r *Rig) Kill(t *testing.T, vendor string) {
	t.Helper()
	if err := r.vendor(t, vendor).Close(); err != nil {
		t.Errorf("close the emulator: %v", err)
	}
}

// KillAll ends all vendors.
func (r *Rig) KillAll(t *testing.T) {
	t.Helper()
	for name := range r.Vendors {
		r.Kill(t, name)
	}
}

// Stopped waits until none of a vendor's streams goes on, and says how much audio each of them generated, in the order in which
// they began. A vendor that was not told to stop generates all of a text.
func (r *Rig) Stopped(t *testing.T, vendor string) (generated []time.Duration) {
	t.Helper()
	v := r.vendor(t, vendor)
	over := func(s emulator.Stats) bool {
		return !slices.ContainsFunc(s.Streams, func(stream emulator.Stream) bool { return !stream.Over })
	}
	if !v.WaitFor(over, settled) {
		t.Errorf("%s is still speaking %v later", vendor, settled)
	}
	for _, stream := range v.Stats().Streams {
		generated = append(generated, stream.Audio)
	}
	return generated
}

// Length is how long a vendor speaks a text, if it is given to it at once.
func (r *Rig) Length(t *testing.T, vendor, text string) time.Duration {
	t.Helper()
	pcm := voice.Speak(text, r.vendor(t, vendor).Options().Seed, nativeRate, 1).PCM
	return time.Duration(len(pcm)) * time.Second / nativeRate
}

// Interrupted wants a vendor to have been stopped before it had generated half of a text. Its last stream speaks what the program
// has had spoken after that.
func (r *Rig) Interrupted(t *testing.T, vendor, text string) {
	t.Helper()
	generated, whole := r.Stopped(t, vendor), r.Length(t, vendor, text)
	if len(generated) == 0 {
		t.Fatalf("%s was asked for nothing", vendor)
	}
	var interrupted time.Duration
	for _, length := range generated[:len(generated)-1] {
		interrupted += length
	}
	if interrupted > whole/2 {
		t.Errorf("the vendor generated %v of %v", interrupted, whole)
	}
}
