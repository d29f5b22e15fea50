package zeligate

import (
	"slices"
	"strings"
	"testing"
	"time"

	"voicerelay/upstream/emulator/engine"
	"voicerelay/upstream/emulator/enginetest"
)

const testKey = "sk-zeli-..."

// TestZeligateTranscripts plays each telling of errors on a server that tells them so.
func TestZeligateTranscripts(t *testing.T) {
	strict := []string{"upgradeErrors:false", "strictVoices:true", "strictBOS:true", "clamps:false", "staysOpen:false", "closeCode:1008"}
	tests := []struct {
		files  string
		quirks []string
	}{
		{"speech_*", []string{"strictVoices:false", "upgradeErrors:false"}},
		{"detail_*", append(slices.Clone(strict), "telling:detail")},
		{"bare_*", append(slices.Clone(strict), "telling:bare")},
		{"flat_*", append(slices.Clone(strict), "telling:flat", "finalCloses:true", "idles:true")},
		{"upgrade_*", []string{"strictVoices:true", "upgradeErrors:true"}},
		{"quirks/*", []string{"strictVoices:false"}}, // what the reference leaves open, in each of the ways that may be drawn
	}
	for _, tt := range tests {
		enginetest.PlayTranscripts(t, enginetest.Dialect{
			Vendor: Vendor, Files: tt.files, Quirks: tt.quirks,
			Options: engine.Options{APIKey: testKey, Chunk: 200 * time.Millisecond, Pace: 8, Inactivity: time.Second},
			Fixed:   []string{"isFinal", "alignment", "normalizedAlignment", "detail", "message", "error", "code"},
			Audio:   func(f map[string]any) bool { return f["audio"] != nil },
			Replace: []string{
				"<5001 spaces>", strings.Repeat(" ", 5001),
				"<5000 characters>", strings.Repeat("a", 5000), "<5001 characters>", strings.Repeat("a", 5001),
			},
		})
	}
}

// TestZeligateQuirksAreAllDrawn looks at each setting of each quirk, so that a new one can't be forgotten.
func TestZeligateQuirksAreAllDrawn(t *testing.T) {
	enginetest.AllDrawn(t, func(seed uint64) any { return drawQuirks(engine.Options{Seed: seed}) },
		map[string]int{"telling": 3, "closeCode": 3, "maxCharacters": 3, "hold": 3, "chunk": 15}) // of 16 lengths
}
