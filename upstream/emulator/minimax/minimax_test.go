package minimax

import (
	"strings"
	"testing"
	"time"

	"voicerelay/upstream/emulator/engine"
	"voicerelay/upstream/emulator/enginetest"
)

func TestMiniMaxTranscripts(t *testing.T) {
	d := enginetest.Dialect{
		Vendor: Vendor, Options: engine.Options{APIKey: "minimax_test", Chunk: 200 * time.Millisecond, Pace: 8},
		Quirks: []string{"sentenceEarly:false", "failCloses:true", "skipEvent:task_failed", "extra:final", "finalAlone:true", "emptyFrames:false"},
		Fixed:  []string{"event", "base_resp", "is_final", "session_id", "connect_id"},
		Audio: func(f map[string]any) bool {
			return f["event"] == "task_continued" && f["data"] != nil && f["is_final"] == false
		},
		Replace: []string{
			"<9999 characters>", strings.Repeat("a ", 4999) + "a", "<10000 characters>", strings.Repeat("a", 10000), "<HIDDEN>", `\u0007`,
		},
	}
	enginetest.PlayTranscripts(t, d)
	d.Files = "quirks/*"
	enginetest.PlayTranscripts(t, d)
}

func TestMiniMaxQuirksAreAllDrawn(t *testing.T) {
	enginetest.AllDrawn(t, func(seed uint64) any { return drawQuirks(engine.Options{Seed: seed}) },
		map[string]int{"badKey": 3, "closeCode": 3, "finishCode": 3, "lateFrames": 3, "chunk": 10})
}
