package elevenlabs

import (
	"strings"
	"testing"
	"time"

	"voicerelay/upstream/emulator/engine"
	"voicerelay/upstream/emulator/enginetest"
)

const testKey = "YOUR_API_KEY"

// What the reference leaves open, or tells in two ways, is played from scenes that name what the server does.
func TestElevenLabsTranscripts(t *testing.T) {
	d := enginetest.Dialect{
		Vendor: Vendor, Options: engine.Options{APIKey: testKey, Chunk: 200 * time.Millisecond, Pace: 8, Inactivity: time.Second},
		Quirks: []string{
			"authBy:error", "contextTwice:false", "finalKey:isFinal", "nullAudio:false", "falseFinal:false", "errorNamesContext:false",
			"flushDone:false", "alignUnasked:false", "clamps:false",
		},
		Fixed: []string{"isFinal", "is_final", "contextId", "message", "error", "code"}, Stream: "contextId",
		Audio:   func(f map[string]any) bool { return f["audio"] != nil },
		Replace: []string{"<10001 characters>", strings.Repeat("a", maxText+1)},
	}
	enginetest.PlayTranscripts(t, d)
	d.Files = "quirks/*" // what the reference leaves open, in each of the ways that may be drawn
	enginetest.PlayTranscripts(t, d)
}

func TestElevenLabsQuirksAreAllDrawn(t *testing.T) {
	enginetest.AllDrawn(t, func(seed uint64) any { return drawQuirks(engine.Options{Seed: seed}) },
		map[string]int{"authBy": 3, "closeKeeps": 3, "lateChunks": 3, "chunk": 16})
}
