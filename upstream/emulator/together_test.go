package emulator

import (
	"fmt"
	"reflect"
	"testing"
	"time"
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
		vendor: "together", options: Options{Chunk: 200 * time.Millisecond, Pace: 8},
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
	settings := map[string]int{ // how many there are of each; two where it is not here
		"idleSeconds": 3, "idleCode": 3, "echo": 3, "lateFrames": 3, "emptyCommit": 3, "unspeakable": 3, "words": 3, "riff": 3, "chunk": 10,
	}
	seen := make(map[string]map[string]bool)
	for seed := range uint64(64) {
		drawn := reflect.ValueOf(drawTogetherQuirks(Options{Seed: seed}))
		for i := range drawn.NumField() {
			name := drawn.Type().Field(i).Name
			if seen[name] == nil {
				seen[name] = make(map[string]bool)
			}
			seen[name][fmt.Sprint(drawn.Field(i))] = true
		}
	}
	for name, values := range seen {
		want := settings[name]
		if want == 0 {
			want = 2
		}
		if len(values) != want {
			t.Errorf("%s: 64 seeds drew %v, want %d settings", name, values, want)
		}
	}
}
