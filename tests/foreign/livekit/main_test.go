// Package livekit_test lets the clients that voice agents are built with, which are not ours, speak to the emulators of
// their vendors: what both sides of this project might misread of those protocols alike, they would not.
package livekit_test

import (
	"slices"
	"testing"
	"time"

	"go.uber.org/goleak"

	"voicerelay/tests/foreign/npm"
	"voicerelay/upstream/emulator"
	"voicerelay/upstream/emulator/voice"
)

const key = "sk_test"

// settled bounds the wait for a vendor's notice of a client's end.
const settled = 10 * time.Second

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// vendor is an emulator with what its client says.
type vendor struct {
	*emulator.Server
	name, base string
	rate       int // hertz, of what the client asks for
}

// start starts a vendor of a seed that has drawn what is asked for, as name:value.
func start(t *testing.T, name string, o emulator.Options, quirks ...string) *vendor {
	t.Helper()
	o.APIKey = key
	server, base := npm.Emulate(t, name, o, quirks...)
	rates := map[string]int{"cartesia": 24000, "deepgram": 24000, "elevenlabs": 22050}
	return &vendor{Server: server, name: name, base: base, rate: rates[name]}
}

// noticed is a line of a client's.
type noticed struct {
	ID     string `json:"id"` // of a turn
	Audio  string `json:"audio"`
	Words  []word `json:"words"`
	Ended  bool   `json:"ended"`
	Failed string `json:"failed"`
}

// word is a word whose time the client has told.
type word struct {
	Text string `json:"text"`
}

// play plays a story of the client's.
func (v *vendor) play(t *testing.T, story string) []noticed {
	t.Helper()
	return npm.Play[noticed](t, "client.js", v.name, v.base, key, story)
}

// spoke wants a turn to have been heard to its end.
func (v *vendor) spoke(t *testing.T, all []noticed, id, text string) {
	t.Helper()
	var frames []string
	ended := false
	for _, n := range all {
		if n.ID == id {
			frames, ended = append(frames, n.Audio), ended || n.Ended
		}
	}
	if got, want := npm.Words(t, frames, v.rate, text), voice.Words(text); !slices.Equal(got, want) || !ended {
		t.Errorf("%s: heard %q, to its end %t, want %q", id, got, ended, want)
	}
}

// timed wants all words of a turn to have times. What the times are is not looked at: the client takes those of every
// frame for times since the turn's first, and the vendor means others.
func timed(t *testing.T, all []noticed, id, text string) {
	t.Helper()
	told := ""
	for _, n := range all {
		if n.ID != id {
			continue
		}
		for _, w := range n.Words {
			told += w.Text
		}
	}
	if got, want := voice.Words(told), voice.Words(text); !slices.Equal(got, want) {
		t.Errorf("%s: the words %q have times, want %q", id, got, want)
	}
}

// left wants nothing of the client to be left at the vendor.
func (v *vendor) left(t *testing.T) {
	t.Helper()
	if !v.WaitFor(func(s emulator.Stats) bool { return s.OpenContexts == 0 && s.OpenSockets == 0 }, settled) {
		t.Error("the client's end was not noticed")
	}
}

// The end of a turn by an error reaches a client's caller. Cartesia's client takes none for one that is the request's own
// fault, or that does not say that it is the end.
func TestErrorIsTold(t *testing.T) {
	tests := map[string]struct {
		code   string
		quirks []string
	}{
		"cartesia":   {"internal_error", []string{"errorDone:true"}},
		"deepgram":   {"NET-0000", nil},
		"elevenlabs": {"quota_exceeded", nil},
	}
	for name, tt := range tests {
		v := start(t, name, emulator.Options{Fault: emulator.Fault{Kind: emulator.ErrorFrame, Name: tt.code}}, tt.quirks...)
		all := v.play(t, "fail")
		if !slices.ContainsFunc(all, func(n noticed) bool { return n.Failed != "" }) {
			t.Errorf("%s: got %+v", name, all)
		}
	}
}
