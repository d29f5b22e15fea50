package emulator

import (
	"encoding/json"
	"slices"
	"testing"
	"testing/synctest"

	"github.com/coder/websocket"

	"voicerelay/upstream/emulator/voice"
)

// LiveKit's plugin and Pipecat's service take the times of a context's later texts as they come: they count from the
// context's first sample.
func TestCartesiaTimesCountFromTheContextsFirstSample(t *testing.T) {
	eachCartesia(t, Options{}, func(c *cartesiaClient) {
		c.request("c1", "One two three. ", false)
		c.request("c1", "Four five six.", true)
		got := c.hear("c1")
		if !slices.IsSorted(got.starts) || len(got.starts) != 6 {
			c.t.Errorf("the words begin at %v, want six times that count up", got.starts)
		}
	})
}

// The vendor's SDK takes what comes behind a cancel for the next context's.
func TestCartesiaSaysNothingBehindACancel(t *testing.T) {
	eachCartesia(t, Options{Pace: 4}, func(c *cartesiaClient) {
		c.request("c1", "One two three four five six seven eight nine ten.", false)
		first := within(c.all)
		if first.err != nil {
			c.t.Fatal(first.err)
		}
		c.send(object{"context_id": "c1", "cancel": true})
		synctest.Wait() // the cancel has arrived
		for len(c.all) > 0 {
			<-c.all // what was under way
		}
		c.request("c2", "Seven.", true)
		got := c.hear("c2")
		if words := voice.Words("Seven."); !slices.Equal(got.words, words) || got.others > 0 {
			c.t.Errorf("heard %q and %d frames of others, want %q alone", got.words, got.others, words)
		}
	})
}

func TestCartesiaRefusesModelsThatItDoesNotHave(t *testing.T) {
	for model, known := range map[string]bool{
		"sonic": true, "sonic-2": true, "sonic-3": true, "sonic-3.6": true, "sonic-latest": true, "sonic-3-2025-10-27": true,
		"sonic-99": false, "sonic-": false, "gpt-4o-mini-tts": false, "unknown": false,
	} {
		if cartesiaModel.MatchString(model) != known {
			t.Errorf("%s is known: %v, want %v", model, !known, known)
		}
	}
	eachCartesia(t, Options{}, func(c *cartesiaClient) {
		c.send(object{
			"model_id": "sonic-99", "transcript": "Hello.", "voice": object{"mode": "id", "id": "v"}, "context_id": "c1",
			"output_format": object{"container": "raw", "encoding": "pcm_s16le", "sample_rate": 24000},
		})
		if got := c.hear("c1").last; got["status_code"] != 400.0 || got["error_code"] != "model_not_found" {
			c.t.Errorf("got %v, want 400 model_not_found", got)
		}
	})
}

// A text is cut behind whole characters, of however many bytes.
func TestTextsAreCutBehindWholeCharacters(t *testing.T) {
	eachCartesia(t, Options{}, func(c *cartesiaClient) {
		c.send(object{
			"model_id": "sonic-3", "transcript": "好。好", "voice": object{"mode": "id", "id": "v"}, "context_id": "c1",
			"output_format": object{"container": "raw", "encoding": "pcm_s16le", "sample_rate": 24000}, "max_buffer_delay_ms": 100,
		})
		if got := c.hear("c1"); got.last["type"] != "done" || len(got.pcm) == 0 {
			c.t.Errorf("got %v and %v with %d bytes of audio", got.last, got.err, len(got.pcm))
		}
	})
	const wide = "おはよう\u3000ございます"
	if got, want := lastBoundary(wide), len("おはよう\u3000"); got != want {
		t.Errorf("the last whole word ends at byte %d, want %d", got, want)
	}
}

// The vendor's SDK reads null where a setting was left out, and the vendor's own model where none was named.
func TestKugelAudioDefaults(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, conn := inMemory(t, "kugelaudio", "/ws/tts/stream?api_key=k", nil, Options{APIKey: "k", Seed: 1})
		all := receive(conn)
		answer := func(message, key string) map[string]any {
			if err := conn.Write(t.Context(), websocket.MessageText, []byte(message)); err != nil {
				t.Fatal(err)
			}
			for {
				r := within(all)
				var o map[string]any
				if r.err != nil || json.Unmarshal(r.data, &o) != nil {
					t.Fatalf("no message with %s: %v", key, r.err)
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
