package emulator

import (
	"testing"
	"time"

	"voicerelay/upstream/emulator/engine"
)

// documentedTogether is what the transcripts show where the reference leaves it open.
func documentedTogether() []string {
	return []string{
		"echo:named", "echoAck:false", "itemsPerContext:false", "updatedSent:true", "foreignVoice:spoken", "words:after",
		"lateFrames:1", "lateDone:false", "errorFlat:false", "ignoresUnknown:false",
	}
}

func togetherDialect() dialect {
	return dialect{
		vendor: togetherVendor, options: engine.Options{Chunk: 200 * time.Millisecond, Pace: 8},
		quirks: documentedTogether(), stream: "item_id",
		fixed: []string{"type", "text", "item_id", "context_id", "error", "words", "event_id", "session"},
		audio: func(f map[string]any) bool { return f["type"] == "conversation.item.audio_output.delta" },
	}
}

func TestTogetherTranscripts(t *testing.T) {
	d := togetherDialect()
	d.options.Seed = d.seed(t, line{}) // once, rather than for each scene
	playTranscripts(t, d)
}

func TestTogetherQuirksAreAllDrawn(t *testing.T) {
	allDrawn(t, func(seed uint64) any { return drawTogetherQuirks(engine.Options{Seed: seed}) }, map[string]int{
		"idleSeconds": 3, "idleCode": 3, "echo": 3, "lateFrames": 3, "unspeakable": 3, "words": 3, "riff": 3, "chunk": 10,
	})
}
