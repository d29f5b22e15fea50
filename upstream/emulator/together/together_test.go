package together

import (
	"strings"
	"testing"
	"time"

	"voicerelay/upstream/emulator/engine"
	"voicerelay/upstream/emulator/enginetest"
)

// documented is what the transcripts show where the reference leaves it open.
func documented() []string {
	return []string{
		"echo:named", "echoAck:false", "itemsPerContext:false", "updatedSent:true", "foreignVoice:spoken", "words:after",
		"lateFrames:1", "lateDone:false", "errorFlat:false", "ignoresUnknown:false",
	}
}

func dialect() enginetest.Dialect {
	return enginetest.Dialect{
		Vendor: Vendor, Options: engine.Options{Chunk: 200 * time.Millisecond, Pace: 8},
		Quirks: documented(), Stream: "item_id",
		Fixed:   []string{"type", "text", "item_id", "context_id", "error", "words", "event_id", "session"},
		Replace: []string{"<257 characters>", strings.Repeat("a", maxID+1)},
		Audio:   func(f map[string]any) bool { return f["type"] == "conversation.item.audio_output.delta" },
	}
}

func TestTogetherTranscripts(t *testing.T) {
	d := dialect()
	d.Options.Seed = d.Seed(t, enginetest.Line{}) // once, rather than for each scene
	enginetest.PlayTranscripts(t, d)
	// What the reference leaves open, in each of the ways that may be drawn.
	d = dialect()
	d.Files, d.Quirks = "quirks/*", []string{"echo:none", "errorFlat:false", "nullCode:false"}
	enginetest.PlayTranscripts(t, d)
}

func TestTogetherQuirksAreAllDrawn(t *testing.T) {
	enginetest.AllDrawn(t, func(seed uint64) any { return drawQuirks(engine.Options{Seed: seed}) }, map[string]int{
		"idleSeconds": 3, "idleCode": 3, "echo": 3, "lateFrames": 3, "unspeakable": 3, "words": 3, "riff": 3, "chunk": 10,
	})
}
