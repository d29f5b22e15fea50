package rime

import (
	"strings"
	"testing"
	"time"

	"voicerelay/upstream/emulator/engine"
	"voicerelay/upstream/emulator/enginetest"
)

func dialect() enginetest.Dialect {
	return enginetest.Dialect{
		Vendor: Vendor, Options: engine.Options{APIKey: "rime_test", Chunk: 200 * time.Millisecond, Pace: 8, Inactivity: 2 * time.Second},
		Fixed: []string{"contextId", "cancelled", "error", "started", "type", "message"},
		Audio: func(f map[string]any) bool { return f["audio"] != nil || f["type"] == "chunk" },
		Replace: []string{
			"<129 characters>", strings.Repeat("a", maxID+1), "<2001 characters>", strings.Repeat("a", 2001),
		},
	}
}

// Contexts of v1 interleave freely, so only a context's own frames keep their order.
func TestRimeTranscripts(t *testing.T) {
	for _, files := range []string{"v1_*", "quirks/v1_*"} {
		d := dialect()
		d.Files, d.Stream = files, "contextId"
		d.Quirks = []string{"authInContext:false", "startedLate:false", "lateFrames:0", "times:spans", "requestNamed:true"}
		enginetest.PlayTranscripts(t, d)
	}
	for _, files := range []string{"ws3_*", "quirks/ws3_*"} {
		d := dialect()
		d.Files, d.Quirks = files, []string{"authInContext:false", "errorCloses:false", "words:after", "tag:ordered"}
		enginetest.PlayTranscripts(t, d)
	}
}

func TestRimeQuirksAreAllDrawn(t *testing.T) {
	enginetest.AllDrawn(t, func(seed uint64) any { return drawQuirks(engine.Options{Seed: seed}) },
		map[string]int{"idleSeconds": 3, "closeCode": 3, "lateFrames": 3, "words": 3, "chunk": 10})
}
