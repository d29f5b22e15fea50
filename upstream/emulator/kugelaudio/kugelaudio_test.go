package kugelaudio

import (
	"strings"
	"testing"
	"time"

	"voicerelay/upstream/emulator/engine"
	"voicerelay/upstream/emulator/enginetest"
)

// documented is options under which the emulator does what the transcripts show where the reference leaves it open.
func documented(t *testing.T) engine.Options {
	for seed := range uint64(1000) {
		o := engine.Options{Seed: seed, Chunk: 200 * time.Millisecond, Pace: 8, Inactivity: time.Second}
		q := drawQuirks(o)
		if !q.errorIDs && !q.authByClose && q.authStatus == 403 && !q.wordsFirst && !q.idxPerChunk && !q.interruptedNames && q.usageAfterImmediate && q.oneFinal && q.lateFrames > 0 {
			return o
		}
	}
	t.Fatal("no seed draws what the transcripts show")
	return engine.Options{}
}

func TestKugelAudioTranscripts(t *testing.T) {
	d := enginetest.Dialect{
		Vendor: Vendor, Options: documented(t), Query: "?api_key=k", Stream: "context_id",
		Fixed: []string{"context_id", "chunk_id", "error_code", "code", "enc", "sr", "text", "error"},
		Audio: func(f map[string]any) bool { return f["audio"] != nil },
		Replace: []string{
			`"inactivity_timeout":20`, `"inactivity_timeout":1`, // long enough to see a context time out
			"<10000 characters>", strings.Repeat("a", maxText),
		},
	}
	enginetest.PlayTranscripts(t, d)
	d.Files = "quirks/*" // what the documented exchanges leave out
	enginetest.PlayTranscripts(t, d)
}

func TestKugelAudioQuirksAreAllDrawn(t *testing.T) {
	enginetest.AllDrawn(t, func(seed uint64) any { return drawQuirks(engine.Options{Seed: seed}) }, map[string]int{"lateFrames": 3, "chunk": 16})
}
