package kugelaudio

import (
	"encoding/json"
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
				r := c.Next()
				var o map[string]any
				if r.Err != nil || json.Unmarshal(r.Data, &o) != nil {
					t.Fatalf("no message with %s: %v", key, r.Err)
				}
				if o[key] != nil {
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
