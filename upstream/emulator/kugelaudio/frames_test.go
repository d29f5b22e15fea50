package kugelaudio

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"voicerelay/upstream/emulator/engine"
)

// exchange sends frames on a path of the emulator and returns what comes back until a frame satisfies last.
func exchange(t *testing.T, path string, last func(engine.Object) bool, frames ...string) []engine.Object {
	t.Helper()
	server := engine.New(Vendor, documented(t))
	url, err := server.Start("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := server.Close(); err != nil {
			t.Error(err)
		}
	}()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	conn, _, err := websocket.Dial(ctx, url+path+"?api_key=k", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.CloseNow() }()
	conn.SetReadLimit(1 << 20)
	for _, f := range frames {
		if err := conn.Write(ctx, websocket.MessageText, []byte(f)); err != nil {
			t.Fatal(err)
		}
	}
	var got []engine.Object
	for {
		_, data, err := conn.Read(ctx)
		if err != nil {
			t.Fatalf("after %v: %v", got, err)
		}
		var o engine.Object
		if err := json.Unmarshal(data, &o); err != nil {
			t.Fatal(err)
		}
		if delete(o, "audio"); last(o) {
			return append(got, o)
		}
		got = append(got, o)
	}
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
