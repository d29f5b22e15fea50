// Package deepgram_test lets Deepgram's own client, which is not ours, speak to the emulator of Deepgram: what both
// sides of this project might misread of that protocol alike, it would not.
package deepgram_test

import (
	"slices"
	"testing"

	"go.uber.org/goleak"

	"voicerelay/tests/foreign/npm"
	"voicerelay/upstream/emulator"
	"voicerelay/upstream/emulator/voice"
)

const (
	key  = "dg_test"
	rate = 24000 // hertz
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// noticed is a line of the client's.
type noticed struct {
	Message *message `json:"message"`
	Audio   string   `json:"audio"` // in base64
	Failed  string   `json:"failed"`
	Closed  int      `json:"closed"` // the close code
}

// message is what the client takes for one of the vendor's, all but audio.
type message struct {
	Type        string `json:"type"`
	Code        string `json:"code"`
	Description string `json:"description"`
}

func play(t *testing.T, base, key, story string) []noticed {
	t.Helper()
	return npm.Play[noticed](t, "client.js", base, key, story)
}

// words hears what was said.
func words(t *testing.T, all []noticed, text string) []string {
	t.Helper()
	var frames []string
	for _, n := range all {
		frames = append(frames, n.Audio)
	}
	return npm.Words(t, frames, rate, text)
}

// kinds are what came, in order, with audio as one however many frames it has.
func kinds(all []noticed) []string {
	var got []string
	for _, n := range all {
		switch {
		case n.Message != nil:
			got = append(got, n.Message.Type)
		case n.Audio != "" && (len(got) == 0 || got[len(got)-1] != "audio"):
			got = append(got, "audio")
		}
	}
	return got
}

func isAudio(kind string) bool { return kind == "audio" }

func closed(code int) func(noticed) bool {
	return func(n noticed) bool { return n.Closed == code }
}

// Two turns on one socket, and a close, whenever Metadata comes.
func TestSpeaks(t *testing.T) {
	const text = "One two three four five six. Seven eight nine ten eleven twelve."
	for _, metadata := range []string{"metadata:connect", "metadata:audio"} {
		server, base := npm.Emulate(t, "deepgram", emulator.Options{APIKey: key}, metadata)
		all := play(t, base, key, "speak")
		if got, want := words(t, all, text), voice.Words(text); !slices.Equal(got, want) {
			t.Errorf("%s: heard %q, want %q", metadata, got, want)
		}
		if got, want := kinds(all), []string{"Metadata", "audio", "Flushed", "audio", "Flushed"}; !slices.Equal(got, want) {
			t.Errorf("%s: got %v, want %v", metadata, got, want)
		}
		if !slices.ContainsFunc(all, closed(1000)) {
			t.Errorf("%s: the close was not noticed", metadata)
		}
		if got := server.Stats(); got.Sockets != 1 || len(got.Streams) != 2 || got.OpenContexts != 0 {
			t.Errorf("%s: got %d sockets and %d turns, %d of them open, want both turns on one socket", metadata, got.Sockets, len(got.Streams), got.OpenContexts)
		}
	}
}

// A close after a text that no Flush has come for: it is spoken before the socket ends.
func TestCloseSpeaksWhatIsLeft(t *testing.T) {
	const text = "One two three four five six."
	_, base := npm.Emulate(t, "deepgram", emulator.Options{APIKey: key})
	all := play(t, base, key, "hasten")
	if got, want := words(t, all, text), voice.Words(text); !slices.Equal(got, want) {
		t.Errorf("heard %q, want %q", got, want)
	}
	if !slices.ContainsFunc(all, closed(1000)) {
		t.Error("the close was not noticed")
	}
}

// A turn is cut off, and the next one is heard alone, whether or not the Flush of the one that was cut off is answered.
func TestClearIsAnswered(t *testing.T) {
	const text = "One two three."
	tests := map[string][]string{
		"clearFlushed:false": {"Metadata", "Cleared", "Flushed"},
		"clearFlushed:true":  {"Metadata", "Flushed", "Cleared", "Flushed"},
	}
	for quirk, want := range tests {
		server, base := npm.Emulate(t, "deepgram", emulator.Options{APIKey: key, Pace: 1}, quirk, "metadata:connect")
		all := play(t, base, key, "clear")
		if got := slices.DeleteFunc(kinds(all), isAudio); !slices.Equal(got, want) {
			t.Errorf("%s: got %v, want %v", quirk, got, want)
		}
		cleared := slices.IndexFunc(all, func(n noticed) bool { return n.Message != nil && n.Message.Type == "Cleared" })
		if got, want := words(t, all[cleared+1:], text), voice.Words(text); !slices.Equal(got, want) {
			t.Errorf("%s: after it heard %q, want %q", quirk, got, want)
		}
		if n := len(server.Stats().Cancels); n != 1 {
			t.Errorf("%s: noted %d cancels, want 1", quirk, n)
		}
	}
}

// An error of the vendor's, and the close after it, reach the client's caller.
func TestErrorIsTold(t *testing.T) {
	fault := emulator.Fault{Kind: emulator.ErrorFrame, Name: "NET-0000"}
	_, base := npm.Emulate(t, "deepgram", emulator.Options{APIKey: key, Fault: fault}, "errorCloses:true")
	all := play(t, base, key, "fail")
	told := func(n noticed) bool {
		return n.Message != nil && n.Message.Type == "Error" && n.Message.Code == "NET-0000" && n.Message.Description != ""
	}
	if !slices.ContainsFunc(all, told) || !slices.ContainsFunc(all, closed(1011)) {
		t.Errorf("got %+v", all)
	}
}

func TestABadKeyIsTold(t *testing.T) {
	server, base := npm.Emulate(t, "deepgram", emulator.Options{APIKey: key})
	all := play(t, base, "wrong", "speak")
	if !slices.ContainsFunc(all, func(n noticed) bool { return n.Failed != "" }) || len(kinds(all)) > 0 {
		t.Errorf("got %+v", all)
	}
	if server.Stats().Refused == 0 {
		t.Error("nobody was refused")
	}
}
