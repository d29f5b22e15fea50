package rig

import (
	"cmp"
	"slices"
	"testing"
	"time"

	"voicerelay/tests/process"
	"voicerelay/upstream/emulator"
	"voicerelay/upstream/emulator/voice"
)

const (
	// seed draws the lengths of words, and what vendors' references leave open.
	seed = 7
	// chunk is the audio of a vendor's frame: a third of the shortest word, so that a fault in a word comes in it.
	chunk = 20 * time.Millisecond
	// settled bounds the wait for what a vendor must notice.
	settled = 10 * time.Second
)

// Vendor is a vendor before which the relay stands.
type Vendor struct {
	// Name is the provider's, and that of a route which has it alone.
	Name string
	// Adapter says whose protocol it speaks. Of those in accounts, kugelaudio, cartesia and elevenlabs tell word times,
	// and deepgram tells none.
	Adapter string
	// Apart leaves it out of the default route.
	Apart bool
	// Options are the emulator's.
	Options emulator.Options
	// Quirks are drawn as asked for, as name:value.
	Quirks []string
}

// DefaultVendors are two that tell word times, of which the second takes over from the first, and one that tells none, on a
// route of its own.
func DefaultVendors() []Vendor {
	return []Vendor{
		{Name: "first", Adapter: "kugelaudio", Quirks: []string{"wordsFirst:true"}}, // else it may break before it has told any
		{Name: "second", Adapter: "cartesia"},
		{Name: "untimed", Adapter: "deepgram", Apart: true},
	}
}

// accounts are a model and two voices of each vendor that a rig may have.
var accounts = map[string]struct{ model, narrator, actor string }{
	"kugelaudio": {"kugel-3", "1071", "1084"},
	"elevenlabs": {"eleven_flash_v2_5", "21m00Tcm4TlvDq8ikWAM", "EXAVITQu4vr4xnSDxMaL"},
	"cartesia":   {"sonic-3", "a0e99841-438c-4a64-b679-ae501e7d6091", "694f9389-aac1-45b6-b726-9d9369183238"},
	"deepgram":   {"", "aura-2-thalia-en", "aura-2-apollo-en"},
}

// RunningVendor is an emulated vendor, which knows what it was asked for.
type RunningVendor struct {
	*emulator.Server
	url string
}

func (v Vendor) start(t *testing.T, pace float64) *RunningVendor {
	t.Helper()
	if _, known := accounts[v.Adapter]; !known {
		t.Fatalf("the rig has no account of %q", v.Adapter)
	}
	v.Options.APIKey = vendorKey
	v.Options.Seed = cmp.Or(v.Options.Seed, seed)
	v.Options.Chunk = cmp.Or(v.Options.Chunk, chunk)
	v.Options.Pace = cmp.Or(v.Options.Pace, pace)
	server, url := process.Emulate(t, v.Adapter, v.Options, v.Quirks...)
	return &RunningVendor{Server: server, url: url}
}

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
