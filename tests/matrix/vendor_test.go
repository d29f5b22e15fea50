package matrix

import (
	"cmp"
	"slices"
	"testing"
	"time"

	"voicerelay/upstream"
	"voicerelay/upstream/cartesia"
	"voicerelay/upstream/deepgram"
	"voicerelay/upstream/elevenlabs"
	"voicerelay/upstream/emulator"
	"voicerelay/upstream/kugelaudio"
	"voicerelay/upstream/together"
	"voicerelay/upstream/uplift"
	"voicerelay/upstream/upstreamtest"
	"voicerelay/upstream/vogent"
	"voicerelay/upstream/zeligate"
)

// vendor is one of the vendors, and what is asked of it.
type vendor struct {
	name         string
	driver       upstream.Driver
	model, voice string
	tooMany      string // its own code for too many requests
	emulator     string // where its name is not that of the emulator
	url          string // where it is not that of a WebSocket

	// How it speaks, where that matters to a test.
	firstAudio time.Duration
	speech     bool // in real words
}

// vendors are all of which there is an adapter and an emulator: a line each.
func vendors() []vendor {
	return []vendor{
		{name: "cartesia", driver: cartesia.Driver, model: "sonic-3", voice: "694f9389-aac1-45b6-b726-9d9369183238", tooMany: "concurrency_limited"},
		{name: "deepgram", driver: deepgram.Driver, voice: "aura-2-thalia-en", tooMany: "RATE_LIMIT"},
		{name: "elevenlabs", driver: elevenlabs.Driver, model: "eleven_flash_v2_5", voice: "21m00Tcm4TlvDq8ikWAM", tooMany: "too_many_concurrent_requests"},
		{name: "kugelaudio", driver: kugelaudio.Driver, model: "kugel-3", voice: "1071", tooMany: "RATE_LIMITED"},
		{name: "together", driver: together.Driver, model: "hexgrad/Kokoro-82M", voice: "af_heart", tooMany: "rate_limit_exceeded"},
		{name: "uplift", driver: uplift.Driver, voice: "v_8eelc901", tooMany: "rate_limit_exceeded"},
		{name: "vogent", driver: vogent.Driver, voice: "36b87413-6d7b-421d-8745-bc0897770d1e", tooMany: "rate limit exceeded"},
		{name: "zeligate", driver: zeligate.Driver, voice: "zeli-voice-1", tooMany: "too_many_concurrent_requests"},
	}
}

// vendorOf is the vendor of a name.
func vendorOf(name string) vendor {
	all := vendors()
	i := slices.IndexFunc(all, func(v vendor) bool { return v.name == name })
	if i < 0 {
		panic("no vendor " + name) // a test's own mistake
	}
	return all[i]
}

// emulated is the name of the vendor's emulator.
func (v vendor) emulated() string { return cmp.Or(v.emulator, v.name) }

// address is where the vendor is.
func (v vendor) address() string { return cmp.Or(v.url, upstreamtest.URL) }

// Whoever has an emulator is in the matrix.
func TestEveryVendorIsHere(t *testing.T) {
	var here []string
	for _, v := range vendors() {
		here = append(here, v.emulated())
	}
	slices.Sort(here)
	if got, want := slices.Compact(here), emulator.Vendors(); !slices.Equal(got, want) {
		t.Errorf("the matrix has %v, and there are emulators of %v", got, want)
	}
}
