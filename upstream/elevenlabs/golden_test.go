package elevenlabs

import (
	"encoding/json"
	"testing"

	"voicerelay/upstream/goldentest"
	"voicerelay/upstream/upstreamtest"
)

// TestGoldenDialogueFramesAreUnderstood gives the reader every frame of the vendor's own dialogues, as of a stream that is in the middle
// of a turn, and each does what it has.
func TestGoldenDialogueFramesAreUnderstood(t *testing.T) {
	frames := goldentest.FramesAt(t, "elevenlabs", "dialogue/*.jsonl", "/v1/text-to-dialogue/stream-input")
	shown := make(map[string]int)
	for _, frame := range frames {
		shown[takesGolden(t, frame)]++
	}
	for _, what := range []string{"audio", "the end of a turn", "an error"} {
		if shown[what] == 0 {
			t.Errorf("no example shows %s", what)
		}
	}
}

// takesGolden gives a busy dialogue a frame, and returns what that is.
func takesGolden(t *testing.T, f map[string]any) (what string) {
	t.Helper()
	sink := &upstreamtest.Loose{TB: t}
	r := newDialogueReader(t).reading(t, sink)
	defer r.Lose()
	data, err := json.Marshal(f)
	if err != nil {
		t.Fatal(err)
	}
	fault := r.Frame(string(data))
	audio, _ := f["audio"].(string)
	switch over := f["is_final_audio_for_turn"] == true || f["is_final"] == true; {
	case f["error"] != nil:
		what = "an error"
	case over:
		what = "the end of a turn"
	case audio != "":
		what = "audio"
	}
	if (fault != nil) != (what == "an error") {
		t.Errorf("%s: %v", data, fault)
	}
	if got := len(sink.Pieces) == 1; got != (what == "the end of a turn") {
		t.Errorf("%s: ends a piece: %t", data, got)
	}
	if got := sink.Frames > 0; fault == nil && got != (audio != "") {
		t.Errorf("%s: is audio: %t", data, got)
	}
	return what
}
