package inworld

import (
	"strings"
	"testing"
	"time"

	"voicerelay/upstream/emulator/engine"
	"voicerelay/upstream/emulator/enginetest"
)

func TestInworldTranscripts(t *testing.T) {
	d := enginetest.Dialect{
		Vendor: Vendor, Options: engine.Options{APIKey: "YOUR_API_KEY", Chunk: 200 * time.Millisecond, Pace: 8},
		Quirks: []string{"limited:false", "cancels:closes", "lateFrames:0", "serial:false", "emptyFlush:false"},
		Flat:   true, Stream: "result.contextId",
		Fixed:   []string{"result.contextId", "result.status.code", "error.code"},
		Replace: []string{"<1001 characters>", strings.Repeat("word ", maxText/5) + "x"},
		Audio: func(f map[string]any) bool {
			return f["result.audioChunk.audioContent"] != nil && f["result.audioChunk.audioContent"] != ""
		},
	}
	enginetest.PlayTranscripts(t, d)
	d.Files = "quirks/*" // what the reference leaves open
	d.Quirks = []string{"limited:false"}
	enginetest.PlayTranscripts(t, d)
}

func TestInworldQuirksAreAllDrawn(t *testing.T) {
	enginetest.AllDrawn(t, func(seed uint64) any { return drawQuirks(engine.Options{Seed: seed}) }, map[string]int{
		"closeCode": 3, "lateFrames": 3, "chunk": 10,
	})
}
