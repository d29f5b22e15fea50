package kugelaudio

import (
	"fmt"
	"testing"
	"testing/synctest"

	"voicerelay/upstream/emulator/engine"
	"voicerelay/upstream/emulator/enginetest"
)

// The vendor's SDK reads null where a setting was left out, and the vendor's own model where none was named.
func TestKugelAudioDefaults(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := engine.Options{APIKey: "k", Seed: 1}
		c := enginetest.Connect(t, enginetest.Dialect{Vendor: Vendor, Options: o}, "/ws/tts/stream?api_key=k", nil)
		answer := func(message, key string) map[string]any {
			c.Send(message)
			for {
				if o := c.Fields(); o[key] != nil {
					return o
				}
			}
		}
		settings, _ := answer(`{"update_settings":{"speed":1.1}}`, "settings_updated")["settings"].(map[string]any)
		if language, ok := settings["language"]; !ok || language != nil {
			t.Errorf("settings %v, want a language that is null", settings)
		}
		usage, _ := answer(`{"voice_id":1071,"text":"Hello there.","flush":true,"close":true}`, "session_closed")["usage"].(map[string]any)
		if usage["model_id"] != "kugel-3.5" {
			t.Errorf("usage %v, want that of kugel-3.5", usage)
		}
	})
}

// A vendor without a first message that refuses does so by HTTP status, also where the fault has a name.
func TestKugelAudioRefusesByStatus(t *testing.T) {
	o := engine.Options{Fault: engine.Fault{Kind: engine.Refuse, Code: 503, Name: "invalid_api_key"}}
	w := enginetest.Serve(t, enginetest.Dialect{Vendor: Vendor, Options: o})
	if got := w.Upgrade(t, "/ws/tts/multi", nil).StatusCode; got != 503 {
		t.Errorf("got status %d, want 503", got)
	}
}

// The offsets count code points of the text as the client wrote it, whatever stands between the words.
func TestKugelAudioWordOffsetsAreOfTheText(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		text := "Grüße,  “schöne” Welt 🎉 dort!"
		frame := fmt.Sprintf(`{"text":%q,"context_id":"c","voice_settings":{"voice_id":1071},"word_timestamps":true,"flush":true}`, text)
		c := enginetest.Connect(t, enginetest.Dialect{Vendor: Vendor}, "/ws/tts/multi", nil)
		c.Send(frame)
		var words []any
		for words == nil {
			words, _ = c.Fields()["word_timestamps"].([]any)
		}
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
	})
}
