package kugelaudio

import (
	"encoding/json"
	"testing"
	"testing/synctest"

	"github.com/coder/websocket"

	"voicerelay/upstream/emulator/engine"
	"voicerelay/upstream/emulator/enginetest"
)

// The vendor's SDK reads null where a setting was left out, and the vendor's own model where none was named.
func TestKugelAudioDefaults(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, conn := enginetest.InMemory(t, Vendor, "/ws/tts/stream?api_key=k", nil, engine.Options{APIKey: "k", Seed: 1})
		all := enginetest.Receive(conn)
		answer := func(message, key string) map[string]any {
			if err := conn.Write(t.Context(), websocket.MessageText, []byte(message)); err != nil {
				t.Fatal(err)
			}
			for {
				r := enginetest.Within(all)
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
	t.Parallel()
	server := engine.New(Vendor, engine.Options{Fault: engine.Fault{Kind: engine.Refuse, Code: 503, Name: "invalid_api_key"}})
	base, err := server.Start("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if got := enginetest.Upgrade(t, base, "/ws/tts/multi", nil).StatusCode; got != 503 {
		t.Errorf("got status %d, want 503", got)
	}
	if err := server.Close(); err != nil {
		t.Error(err)
	}
}
