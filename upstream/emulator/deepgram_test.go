package emulator

import (
	"testing"
	"time"

	"voicerelay/upstream/emulator/engine"
)

func TestDeepgramTranscripts(t *testing.T) {
	playTranscripts(t, dialect{
		vendor: deepgramVendor, options: engine.Options{APIKey: "dg_test", Chunk: 200 * time.Millisecond, Pace: 8, Inactivity: time.Second},
		quirks: []string{"metadata:connect", "unasked:false", "errorCloses:false", "staleFrames:0", "idle:0", "maxText:0"},
		fixed:  []string{"type", "sequence_id", "request_id", "model_name", "code"},
		audio:  func(f map[string]any) bool { return f["binary"] != nil },
	})
}

func TestDeepgramQuirksAreAllDrawn(t *testing.T) {
	allDrawn(t, func(seed uint64) any { return drawDeepgramQuirks(engine.Options{Seed: seed}) },
		map[string]int{"staleFrames": 3, "warning": 3, "chunk": 10})
}
