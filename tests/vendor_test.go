package tests

import (
	"slices"
	"strings"
	"testing"
	"time"

	"voicerelay/tests/process"
	"voicerelay/upstream/emulator"
	"voicerelay/upstream/emulator/voice"
)

// A vendor is an emulator in the test process: what it saw can be asked of it, and its voice heard in the audio.
type vendor struct {
	*emulator.Server
	t       *testing.T
	adapter string
	url     string
}

// native is what a route asks a vendor for, by its adapter.
var native = map[string]struct{ model, voice string }{
	"kugelaudio": {"kugel-3", "1071"},
	"uplift":     {"", "v_8eelc901"},
	"vogent":     {"", "36b87413-6d7b-421d-8745-bc0897770d1e"},
	"together":   {"hexgrad/Kokoro-82M", "af_heart"},
	"zeligate":   {"", "zeli-voice-1"},
	"elevenlabs": {"eleven_flash_v2_5", "21m00Tcm4TlvDq8ikWAM"},
	"cartesia":   {"sonic-3", "a0e99841-438c-4a64-b679-ae501e7d6091"},
	"deepgram":   {"", "aura-2-thalia-en"},
	"assemblyai": {"assemblyai-tts-1", "aai-jane"},
	"rime":       {"coda", "lyra"},
	"soniox":     {"tts-rt-v2", "Adrian"},
	"inworld":    {"inworld-tts-2", "Ashley"},
	"openai":     {"tts-1", "alloy"},
	"wyoming":    {"", "en_US-joe-medium"},
	"minimax":    {"speech-2.8-turbo", "English_Graceful_Lady"},
	"fish":       {"s2.1-pro", "802e3bc2b27e49c2995d23ef70e6ac89"},
}

// usual is what the vendors draw of which some kinds do not stream, speak one text at a time whoever asks, or know no cancel.
var usual = map[string][]string{
	"inworld": {"cancels:closes", "serial:false"},
	"openai":  {"buffered:false", "onlyWAV:false", "serial:false", "cutClean:false"},
}

// emulate starts a vendor that ends with the test. Start it before the relay, which then ends first.
func emulate(t *testing.T, o emulator.Options) *vendor {
	t.Helper()
	return emulateBy(t, "kugelaudio", o)
}

// emulateBy is emulate for any vendor.
func emulateBy(t *testing.T, adapter string, o emulator.Options) *vendor {
	t.Helper()
	o.APIKey = vendorKey
	if o.Seed == 0 {
		o.Seed = 7
	}
	s, url := process.Emulate(t, adapter, o, usual[adapter]...)
	return &vendor{Server: s, t: t, adapter: adapter, url: url}
}

// quirky starts a vendor of a seed that has drawn a quirk, as Server.Quirks prints it.
func quirky(t *testing.T, quirk string, o emulator.Options) *vendor {
	t.Helper()
	o.APIKey, o.Seed = vendorKey, 1
	s, url := process.Emulate(t, "kugelaudio", o, quirk)
	return &vendor{Server: s, t: t, adapter: "kugelaudio", url: url}
}

// of is the vendor for a subtest, which it fails in place of its parent.
func (v vendor) of(t *testing.T) *vendor {
	v.t = t
	return &v
}

// faulty starts a vendor with a fault as the command line writes it, such as "stall:400ms".
func faulty(t *testing.T, fault string, o emulator.Options) *vendor {
	t.Helper()
	f, err := emulator.ParseFault(fault)
	if err != nil {
		t.Fatal(err)
	}
	o.Fault = f
	return emulate(t, o)
}

// sees waits until what the vendor saw satisfies a condition.
func (v *vendor) sees(what string, condition func(emulator.Stats) bool) {
	v.t.Helper()
	v.seesWithin(deadline, what, condition)
}

func (v *vendor) seesWithin(limit time.Duration, what string, condition func(emulator.Stats) bool) {
	v.t.Helper()
	if !v.WaitFor(condition, limit) {
		s := v.Stats()
		v.t.Fatalf("the vendor never saw %s within %v: sockets %d open of %d, %d refused; contexts %d open of %d, at most %d; %d cancels",
			what, limit, s.OpenSockets, s.Sockets, s.Refused, s.OpenContexts, len(s.Streams), s.MaxOpenContexts, len(s.Cancels))
	}
}

// lexicon holds the words that the tests speak. Hearing looks for any of them, so that a strange one is noticed.
var lexicon = strings.Fields(`the quick brown fox jumps over a lazy dog near our house
	seven bright yellow lanterns hang above quiet river stones every winter night
	please remember that silver trains leave early from northern harbor platforms today`)

// twelve is a text of twelve different words in one sentence.
const twelve = "The quick brown fox jumps over a lazy dog near our house."

// heard is the words in a generation's audio, of those of the lexicon and further ones.
func (c *client) heard(id string, further ...string) []string {
	c.t.Helper()
	pcm, f := c.audio(id)
	words, err := voice.Decode(pcm, f.Rate, slices.Concat(lexicon, further))
	if err != nil {
		c.fail("%s: listen to %d samples of %v: %v", id, len(pcm), f, err)
	}
	return words
}

// speaks checks that a generation's audio is the words of a text, in order, none missing and none doubled.
func (c *client) speaks(id, text string) {
	c.t.Helper()
	want := voice.Words(text)
	if got := c.heard(id, want...); !slices.EqualFunc(got, want, strings.EqualFold) {
		c.fail("%s: heard %q, want %q", id, got, want)
	}
}

// requests is how many pieces a vendor was ordered to speak.
func requests(v *vendor) int {
	n := 0
	for _, s := range v.Stats().Streams {
		n += len(s.Texts)
	}
	return n
}
