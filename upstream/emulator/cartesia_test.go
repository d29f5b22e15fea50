package emulator

import (
	"testing"
	"time"

	"voicerelay/upstream/emulator/engine"
)

func TestCartesiaTranscripts(t *testing.T) {
	playTranscripts(t, dialect{
		vendor: cartesiaVendor, options: engine.Options{APIKey: "sk_car_test", Chunk: 200 * time.Millisecond, Pace: 8, Inactivity: 2 * time.Second},
		quirks: []string{"flushIDs:always", "words:after", "tags:false", "errorDone:true", "splits:false", "limited:false"},
		stream: "context_id",
		fixed:  []string{"type", "context_id", "done", "status_code", "flush_id", "flush_done", "error", "error_code", "title", "message"},
		audio:  func(f map[string]any) bool { return f["type"] == "chunk" },
	})
}

func TestCartesiaQuirksAreAllDrawn(t *testing.T) {
	allDrawn(t, func(seed uint64) any { return drawCartesiaQuirks(engine.Options{Seed: seed}) },
		map[string]int{"idleCode": 3, "words": 3, "chunk": 10})
}
