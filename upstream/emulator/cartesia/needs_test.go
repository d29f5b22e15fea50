package cartesia

import (
	"slices"
	"testing"

	"voicerelay/upstream/emulator/engine"
	"voicerelay/upstream/emulator/voice"
)

// LiveKit's plugin and Pipecat's service take the times of a context's later texts as they come: they count from the
// context's first sample.
func TestCartesiaTimesCountFromTheContextsFirstSample(t *testing.T) {
	each(t, engine.Options{}, func(c client) {
		c.request("c1", "One two three. ", false)
		c.request("c1", "Four five six.", true)
		got := c.hear("c1")
		if !slices.IsSorted(got.starts) || len(got.starts) != 6 {
			c.T.Errorf("the words begin at %v, want six times that count up", got.starts)
		}
	})
}

// The vendor's SDK takes what comes after a cancel for the next context's.
func TestCartesiaSaysNothingBehindACancel(t *testing.T) {
	each(t, engine.Options{Pace: 4}, func(c client) {
		c.request("c1", "One two three four five six seven eight nine ten.", false)
		first := c.Next()
		if first.Err != nil {
			c.T.Fatal(first.Err)
		}
		c.SendJSON(engine.Object{"context_id": "c1", "cancel": true})
		c.Drop() // what was under way
		c.request("c2", "Seven.", true)
		got := c.hear("c2")
		if words := voice.Words("Seven."); !slices.Equal(got.words, words) || got.others > 0 {
			c.T.Errorf("heard %q and %d frames of others, want %q alone", got.words, got.others, words)
		}
	})
}

func TestCartesiaRefusesModelsThatItDoesNotHave(t *testing.T) {
	for model, known := range map[string]bool{
		"sonic": true, "sonic-2": true, "sonic-3": true, "sonic-3.6": true, "sonic-latest": true, "sonic-3-2025-10-27": true,
		"sonic-99": false, "sonic-": false, "gpt-4o-mini-tts": false, "unknown": false,
	} {
		if modelPattern.MatchString(model) != known {
			t.Errorf("%s is known: %v, want %v", model, !known, known)
		}
	}
	each(t, engine.Options{}, func(c client) {
		c.SendJSON(engine.Object{
			"model_id": "sonic-99", "transcript": "Hello.", "voice": engine.Object{"mode": "id", "id": "v"}, "context_id": "c1",
			"output_format": engine.Object{"container": "raw", "encoding": "pcm_s16le", "sample_rate": 24000},
		})
		if got := c.hear("c1").last; got["status_code"] != 400.0 || got["error_code"] != "model_not_found" {
			c.T.Errorf("got %v, want 400 model_not_found", got)
		}
	})
}

// A text is cut after whole characters, of however many bytes.
func TestTextsAreCutBehindWholeCharacters(t *testing.T) {
	each(t, engine.Options{}, func(c client) {
		c.SendJSON(engine.Object{
			"model_id": "sonic-3", "transcript": "好。好", "voice": engine.Object{"mode": "id", "id": "v"}, "context_id": "c1",
			"output_format": engine.Object{"container": "raw", "encoding": "pcm_s16le", "sample_rate": 24000}, "max_buffer_delay_ms": 100,
		})
		if got := c.hear("c1"); got.last["type"] != "done" || len(got.pcm) == 0 {
			c.T.Errorf("got %v and %v with %d bytes of audio", got.last, got.err, len(got.pcm))
		}
	})
	const wide = "おはよう\u3000ございます"
	if got, want := engine.LastBoundary(wide), len("おはよう\u3000"); got != want {
		t.Errorf("the last whole word ends at byte %d, want %d", got, want)
	}
}
