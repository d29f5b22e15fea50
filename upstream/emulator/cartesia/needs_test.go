package cartesia

import (
	"net/http"
	"slices"
	"testing"

	"voicerelay/upstream/emulator/engine"
	"voicerelay/upstream/emulator/enginetest"
)

// LiveKit's plugin and Pipecat's service take the times of a context's later texts as they come: they count from the
// context's first sample.
func TestCartesiaTimesCountFromTheContextsFirstSample(t *testing.T) {
	header := http.Header{"Cartesia-Version": {structuredErrors}}
	enginetest.EachSeed(t, enginetest.Dialect{Vendor: Vendor}, "/tts/websocket", header, func(c *enginetest.Client) {
		for _, text := range []string{"One two three. ", "Four five six."} {
			c.SendJSON(engine.Object{
				"model_id": "sonic-3", "transcript": text, "voice": engine.Object{"mode": "id", "id": "v"}, "context_id": "c1",
				"output_format": engine.Object{"container": "raw", "encoding": "pcm_s16le", "sample_rate": 24000},
				"continue":      text != "Four five six.", "add_timestamps": true, "max_buffer_delay_ms": 0,
			})
		}
		var starts []float64
		for o := c.Fields(); o["type"] != "done"; o = c.Fields() {
			times, _ := o["word_timestamps"].(map[string]any)
			begin, _ := times["start"].([]any)
			for _, at := range begin {
				starts = append(starts, at.(float64))
			}
		}
		if !slices.IsSorted(starts) || len(starts) != 6 {
			c.T.Errorf("the words begin at %v, want six times that count up", starts)
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
}
