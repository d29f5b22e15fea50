package vogent

import (
	"strings"
	"testing"
	"time"

	"voicerelay/upstream/emulator/engine"
	"voicerelay/upstream/emulator/enginetest"
)

// A server that does otherwise where the documentation is silent is played from scenes that name what it does.
func TestVogentTranscripts(t *testing.T) {
	d := enginetest.Dialect{
		Vendor: Vendor, Options: engine.Options{APIKey: "YOUR_API_KEY", Chunk: 200 * time.Millisecond, Pace: 8},
		Quirks: []string{"cancelAnswer:none", "lateChunks:0"},
		Fixed:  []string{"type", "generationId", "error"}, Stream: "generationId",
		Audio: func(f map[string]any) bool { return f["type"] == "chunk" },
		Replace: []string{
			"<5001 characters>", strings.Repeat("a", maxText+1), "<2501 characters>", strings.Repeat("a", maxText/2+1),
			"<10 umlauts>", strings.Repeat("ü", 10), "<4991 umlauts>", strings.Repeat("ü", maxText-9),
			"<4994 spaces>", strings.Repeat(" ", maxText-6), "<257 characters>", strings.Repeat("a", maxID+1),
		},
	}
	enginetest.PlayTranscripts(t, d)
	d.Files, d.Quirks = "quirks/*", nil // what the reference leaves open, in each of the ways that may be drawn
	enginetest.PlayTranscripts(t, d)
}

func TestVogentQuirksAreAllDrawn(t *testing.T) {
	enginetest.AllDrawn(t, func(seed uint64) any { return drawQuirks(engine.Options{Seed: seed}) }, map[string]int{
		"authBy": 3, "malformed": 3, "cancelAnswer": 3, "lateChunks": 3, "chunk": 16, "timesField": 3, "timesShape": 5,
	})
}
