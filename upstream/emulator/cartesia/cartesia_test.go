package cartesia

import (
	"testing"
	"time"

	"voicerelay/upstream/emulator/engine"
	"voicerelay/upstream/emulator/enginetest"
)

func TestCartesiaTranscripts(t *testing.T) {
	d := enginetest.Dialect{
		Vendor: Vendor, Options: engine.Options{APIKey: "sk_car_test", Chunk: 200 * time.Millisecond, Pace: 8, Inactivity: 2 * time.Second},
		Quirks: []string{"flushIDs:always", "words:after", "tags:false", "errorDone:true", "splits:false", "limited:false"},
		Stream: "context_id",
		Fixed:  []string{"type", "context_id", "done", "status_code", "flush_id", "flush_done", "error", "error_code", "title", "message"},
		Audio:  func(f map[string]any) bool { return f["type"] == "chunk" },
	}
	enginetest.PlayTranscripts(t, d)
	d.Files = "quirks/*" // what the documented exchanges leave out
	enginetest.PlayTranscripts(t, d)
}

func TestCartesiaQuirksAreAllDrawn(t *testing.T) {
	enginetest.AllDrawn(t, func(seed uint64) any { return drawQuirks(engine.Options{Seed: seed}) },
		map[string]int{"idleCode": 3, "words": 3, "chunk": 10})
}
