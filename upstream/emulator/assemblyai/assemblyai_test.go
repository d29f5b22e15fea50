package assemblyai

import (
	"strings"
	"testing"
	"time"

	"voicerelay/upstream/emulator/engine"
	"voicerelay/upstream/emulator/enginetest"
)

func TestAssemblyAITranscripts(t *testing.T) {
	d := enginetest.Dialect{
		Vendor: Vendor, Options: engine.Options{APIKey: "YOUR_API_KEY", Chunk: 200 * time.Millisecond, Pace: 8},
		Quirks: []string{"limited:false", "early:0", "lateFrames:0", "wordsLate:false", "wordsEnglish:false", "closesMarked:false"},
		Fixed:  []string{"type", "flush_id", "error_code", "error_type", "retryable", "param", "configuration"},
		Replace: []string{
			"<2001 characters>", strings.Repeat("word ", maxText/5) + "x", "<2000 characters>", strings.Repeat("word ", maxText/5), "<60 dashes>", strings.Repeat("-", maxRun), "<60 letters>", strings.Repeat("é", maxRun),
		},
		Audio: func(f map[string]any) bool { return f["type"] == "Audio" },
	}
	enginetest.PlayTranscripts(t, d)
	d.Files = "quirks/*" // what the reference leaves open
	d.Quirks = []string{"limited:false", "early:0", "wordsLate:false", "wordsEnglish:false"}
	enginetest.PlayTranscripts(t, d)
}

func TestAssemblyAIQuirksAreAllDrawn(t *testing.T) {
	enginetest.AllDrawn(t, func(seed uint64) any { return drawQuirks(engine.Options{Seed: seed}) }, map[string]int{
		"early": 3, "lateFrames": 3, "chunk": 3,
	})
}
