package kugelaudio

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"

	"voicerelay/upstream/emulator/engine"
	"voicerelay/upstream/emulator/enginetest"
)

// exchange sends frames on a path of the emulator and returns what comes back until a frame satisfies last.
func exchange(t *testing.T, path string, last func(engine.Object) bool, frames ...string) (got []engine.Object) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		c := enginetest.Connect(t, enginetest.Dialect{Vendor: Vendor, Options: documented(t)}, path+"?api_key=k", nil)
		c.Send(frames...)
		for {
			r := c.Next()
			var o engine.Object
			if r.Err != nil || json.Unmarshal(r.Data, &o) != nil {
				t.Fatalf("after %v: %q, %v", got, r.Data, r.Err)
			}
			delete(o, "audio")
			if got = append(got, o); last(o) {
				return
			}
		}
	})
	return got
}

func has(field string) func(engine.Object) bool {
	return func(o engine.Object) bool { _, ok := o[field]; return ok }
}

// The offsets count code points of the text as the client wrote it, whatever stands between the words.
func TestKugelAudioWordOffsetsAreOfTheText(t *testing.T) {
	text := "Grüße,  “schöne” Welt 🎉 dort!"
	frame := fmt.Sprintf(`{"text":%q,"context_id":"c","voice_settings":{"voice_id":1071},"word_timestamps":true,"flush":true}`, text)
	got := exchange(t, "/ws/tts/multi", has("word_timestamps"), frame)
	words, _ := got[len(got)-1]["word_timestamps"].([]any)
	if len(words) != 4 {
		t.Fatalf("got %d words, want 4: %v", len(words), words)
	}
	runes := []rune(text)
	for _, w := range words {
		w := w.(map[string]any)
		from, to := int(w["char_start"].(float64)), int(w["char_end"].(float64))
		if from < 0 || to > len(runes) || string(runes[from:to]) != w["word"] {
			t.Errorf("%v: from %d to %d stands %q", w["word"], from, to, string(runes[from:min(to, len(runes))]))
		}
	}
}

// A frame with a field that is refused ends the context that it names, and no other.
func TestKugelAudioRefusedFrames(t *testing.T) {
	open := `{"text":"One two.","context_id":"c","voice_settings":{"voice_id":1071}}`
	tests := map[string]struct {
		frame string
		code  string
		no    float64
	}{
		"setting out of range": {`{"context_id":"c","speed":3}`, "VALIDATION_ERROR", 400},
		"wrong type":           {`{"context_id":"c","speed":"fast"}`, "VALIDATION_ERROR", 400},
		"not to be updated":    {`{"context_id":"c","update_settings":{"sample_rate":8000}}`, "VALIDATION_ERROR", 400},
		"too long":             {fmt.Sprintf(`{"context_id":"c","text":%q}`, strings.Repeat("a", maxText)), "VALIDATION_ERROR", 413},
		"unknown voice":        {`{"context_id":"d","text":"One.","voice_settings":{"voice_id":9999999999}}`, "NOT_FOUND", 404},
		"no voice":             {`{"context_id":"d","text":"One."}`, "MISSING_VOICE_ID", 400},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := exchange(t, "/ws/tts/multi", has("error"), open, tt.frame)
			refusal := got[len(got)-1]
			if refusal["error_code"] != tt.code || refusal["code"] != tt.no {
				t.Errorf("got %v, want %s %v", refusal, tt.code, tt.no)
			}
			if refusal["context_id"] == nil {
				t.Errorf("got %v, want it to name its context", refusal)
			}
		})
	}
}

// A turn whose client falls silent speaks what it has, and ends.
func TestKugelAudioQuietTurnEndsByItself(t *testing.T) {
	t.Parallel()
	got := exchange(t, "/ws/tts/stream", has("session_closed"), `{"voice_id":1071,"flush_timeout_ms":100,"text":"no sentence end"}`)
	var spoken, warned bool
	for _, o := range got {
		spoken = spoken || has("generation_started")(o)
		warned = warned || has("warning")(o)
	}
	if !spoken || !warned {
		t.Errorf("spoken %t, warned %t: %v", spoken, warned, got)
	}
}
