package deepgram

import (
	"strings"
	"testing"
	"time"

	"voicerelay/upstream/emulator/engine"
	"voicerelay/upstream/emulator/enginetest"
)

func TestDeepgramTranscripts(t *testing.T) {
	enginetest.PlayTranscripts(t, enginetest.Dialect{
		Vendor: Vendor, Options: engine.Options{APIKey: "dg_test", Chunk: 200 * time.Millisecond, Pace: 8, Inactivity: time.Second},
		Quirks: []string{"metadata:connect", "unasked:false", "errorCloses:false", "staleFrames:0", "idle:0", "maxText:0"},
		Fixed:  []string{"type", "sequence_id", "request_id", "model_name", "code"},
		Audio:  func(f map[string]any) bool { return f["binary"] != nil },
	})
}

func TestFluxTranscripts(t *testing.T) {
	enginetest.PlayTranscripts(t, enginetest.Dialect{
		Vendor: Vendor, Files: "flux/*",
		Options: engine.Options{APIKey: "dg_test", Chunk: 200 * time.Millisecond, Pace: 8, Inactivity: time.Second},
		Quirks:  []string{"unasked:false", "errorCloses:false", "staleFrames:0", "idle:0", "maxText:0", "flushedAt:once", "emptyFlush:true"},
		Fixed:   []string{"type", "speech_id", "request_id", "model_name", "code", "field", "text_spoken", "text_remaining"},
		Audio:   func(f map[string]any) bool { return f["binary"] != nil },
		Replace: []string{"<2001 characters>", strings.Repeat("x", 2001)},
	})
}

func TestDeepgramQuirksAreAllDrawn(t *testing.T) {
	enginetest.AllDrawn(t, func(seed uint64) any { return drawQuirks(engine.Options{Seed: seed}) },
		map[string]int{"staleFrames": 3, "warning": 3, "chunk": 10, "flushedAt": 3})
}
