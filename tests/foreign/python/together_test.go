package python_test

import (
	"slices"
	"testing"
	"time"

	"voicerelay/upstream/emulator"
)

const (
	togetherRate = 24000 // hertz, of Kokoro
	togetherText = "Hello, this is a test. This is the second sentence. And this is the final one."
	togetherItem = "conversation.item."
)

// Together's sample never leaves: it listens until the vendor closes the socket for being idle. Its voice is another
// model's, and its last commit finds nothing left to speak, so that it depends on what is known of neither.
func TestTogetherSpeaksItsSample(t *testing.T) {
	tests := map[string]struct {
		quirks  []string
		headers int // in the file
		last    string
	}{
		"commit of nothing unanswered": {[]string{"emptyCommit:nothing", "riff:asked"}, 0, togetherItem + "audio_output.done"},
		"commit of nothing done":       {[]string{"emptyCommit:done", "riff:asked"}, 0, togetherItem + "audio_output.done"},
		"a header in each item":        {[]string{"emptyCommit:nothing", "riff:always"}, 3, togetherItem + "audio_output.done"},
		"odd chunks":                   {[]string{"emptyCommit:nothing", "riff:asked", "oddChunks:true"}, 0, togetherItem + "audio_output.done"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			quirks := append(tt.quirks, "foreignVoice:spoken", "idleCode:1000", "idleSeconds:30")
			server, base := start(t, "together", emulator.Options{Inactivity: 2 * time.Second}, quirks...)
			dir, all := play(t, "together.py", base, key)
			samples, headers := withoutHeaders(saved(t, dir, "output.wav"))
			says(t, samples, togetherRate, togetherText)
			lasts(t, samples, togetherRate, server.Stats().Streams[0].Audio)
			if headers != tt.headers {
				t.Errorf("the file has %d headers, want %d", headers, tt.headers)
			}
			checkTogether(t, messages(all, "", ""), tt.last)
		})
	}
}

// checkTogether checks the order of a sample's messages, the last of which is to be of a type.
func checkTogether(t *testing.T, all []map[string]any, last string) {
	t.Helper()
	got := kinds(all)
	if got[0] != "session.created" || got[len(got)-1] != last {
		t.Errorf("got %v, want session.created first and %s last", got, last)
	}
	var acknowledged []string
	var items []any // in the order of their ends
	for _, m := range all {
		switch m["type"] {
		case togetherItem + "input_text.received":
			acknowledged = append(acknowledged, m["text"].(string))
		case togetherItem + "audio_output.delta":
			if slices.Contains(items, m["item_id"]) {
				t.Errorf("audio of %v after its end", m["item_id"])
			}
		case togetherItem + "audio_output.done":
			items = append(items, m["item_id"])
		}
	}
	if want := []string{"Hello, this is a test.", "This is the second sentence.", "And this is the final one."}; !slices.Equal(acknowledged, want) {
		t.Errorf("acknowledged %q, want %q", acknowledged, want)
	}
	if len(items) < 3 || !slices.Equal(items[:3], []any{"tts_1", "tts_2", "tts_3"}) {
		t.Errorf("the items ended as %v", items)
	}
}

// Where a model does not speak in another's voice, all that the vendor's own sample gets is a failure.
func TestTogetherMayRefuseItsSamplesVoice(t *testing.T) {
	_, base := start(t, "together", emulator.Options{}, "foreignVoice:failed")
	dir, all := play(t, "together.py", base, key)
	want := []string{"session.created", togetherItem + "input_text.received", togetherItem + "tts.failed"}
	if got := kinds(messages(all, "", "")); !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if got := saved(t, dir, "output.wav"); len(got) != 0 {
		t.Errorf("got %d bytes of audio", len(got))
	}
}
