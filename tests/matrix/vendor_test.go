package matrix

import (
	"cmp"
	"slices"
	"testing"
	"time"

	"voicerelay/upstream"
	"voicerelay/upstream/assemblyai"
	"voicerelay/upstream/cartesia"
	"voicerelay/upstream/deepgram"
	"voicerelay/upstream/elevenlabs"
	"voicerelay/upstream/emulator"
	"voicerelay/upstream/fish"
	"voicerelay/upstream/inworld"
	"voicerelay/upstream/kugelaudio"
	"voicerelay/upstream/minimax"
	"voicerelay/upstream/openai"
	"voicerelay/upstream/rime"
	"voicerelay/upstream/soniox"
	"voicerelay/upstream/together"
	"voicerelay/upstream/uplift"
	"voicerelay/upstream/vogent"
	"voicerelay/upstream/wyoming"
	"voicerelay/upstream/zeligate"
)

// vendor is one of the vendors, and what is asked of it.
type vendor struct {
	name         string
	driver       upstream.Driver
	model, voice string
	failed       string // its own code for a failure; empty: the emulator takes any
	tooMany      string // its own code for too many requests
	emulator     string // where its name is not that of the emulator
	holds        bool   // it may hold all audio back until it is whole

	// How it speaks, where that matters to a test.
	firstAudio time.Duration
	speech     bool // in real words
}

// vendors are all of which there is an adapter and an emulator: a line each, and two where a vendor has two protocols.
func vendors() []vendor {
	return []vendor{
		{name: "assemblyai", driver: assemblyai.Driver, voice: "aai-jane", failed: "3005", tooMany: "3009"},
		{name: "cartesia", driver: cartesia.Driver, model: "sonic-3", voice: "694f9389-aac1-45b6-b726-9d9369183238", tooMany: "concurrency_limited"},
		{name: "deepgram", driver: deepgram.Driver, voice: "aura-2-thalia-en", tooMany: "RATE_LIMIT"},
		{name: "deepgram-flux", driver: deepgram.Driver, voice: "flux-alexis-en", tooMany: "RATE_LIMIT", emulator: "deepgram"},
		{name: "elevenlabs", driver: elevenlabs.Driver, model: "eleven_flash_v2_5", voice: "21m00Tcm4TlvDq8ikWAM", tooMany: "too_many_concurrent_requests"},
		{name: "elevenlabs-v3", driver: elevenlabs.Driver, model: "eleven_v3", voice: "21m00Tcm4TlvDq8ikWAM", tooMany: "too_many_concurrent_requests", emulator: "elevenlabs"},
		{name: "fish", driver: fish.Driver, model: "s1", voice: "802e3bc2b27e49c2995d23ef70e6ac89"},
		{name: "inworld", driver: inworld.Driver, voice: "Ashley", failed: "13", tooMany: "8"},
		{name: "kugelaudio", driver: kugelaudio.Driver, model: "kugel-3", voice: "1071", tooMany: "RATE_LIMITED"},
		{name: "minimax", driver: minimax.Driver, model: "speech-2.8-turbo", voice: "English_Graceful_Lady", failed: "1000", tooMany: "1002"},
		{name: "openai", driver: openai.Driver, model: "tts-1", voice: "alloy", tooMany: "rate_limit_exceeded", holds: true},
		{name: "rime", driver: rime.Driver, voice: "lyra"},
		{name: "soniox", driver: soniox.Driver, voice: "Adrian", failed: "500", tooMany: "429"},
		{name: "together", driver: together.Driver, model: "hexgrad/Kokoro-82M", voice: "af_heart", tooMany: "rate_limit_exceeded"},
		{name: "uplift", driver: uplift.Driver, voice: "v_8eelc901", tooMany: "rate_limit_exceeded"},
		{name: "vogent", driver: vogent.Driver, voice: "36b87413-6d7b-421d-8745-bc0897770d1e", tooMany: "rate limit exceeded"},
		{name: "wyoming", driver: wyoming.Driver, voice: "en_US-joe-medium"},
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
