package soniox

import (
	"strings"
	"testing"
	"time"

	"voicerelay/upstream/emulator/engine"
	"voicerelay/upstream/emulator/enginetest"
)

func TestSonioxTranscripts(t *testing.T) {
	d := enginetest.Dialect{
		Vendor: Vendor, Options: engine.Options{APIKey: "YOUR_API_KEY", Chunk: 200 * time.Millisecond, Pace: 8},
		Quirks: []string{
			"limit:none", "lateFrames:0", "times:before", "timesAtOnce:true", "endWithAudio:false", "endAtOnce:false", "hold:sentence",
		},
		Stream:  "stream_id",
		Fixed:   []string{"stream_id", "audio_end", "terminated", "error_code"},
		Replace: []string{"<257 characters>", strings.Repeat("a", maxID+1), "<5001 characters>", strings.Repeat("word ", maxText/5) + "x", "<1251 smileys>", strings.Repeat("🙂", 1251)},
		Audio:   func(f map[string]any) bool { return f["audio"] != nil && f["audio_end"] == nil },
	}
	enginetest.PlayTranscripts(t, d)
	d.Files = "quirks/*" // what the reference leaves open
	d.Quirks = []string{"limit:none", "endAtOnce:false", "endWithAudio:false"}
	enginetest.PlayTranscripts(t, d)
}

func TestSonioxQuirksAreAllDrawn(t *testing.T) {
	enginetest.AllDrawn(t, func(seed uint64) any { return drawQuirks(engine.Options{Seed: seed}) }, map[string]int{
		"limit": 3, "closeCode": 3, "unknownAnswer": 3, "inputSeconds": 3, "lateFrames": 3, "times": 3, "chunk": 10,
	})
}
