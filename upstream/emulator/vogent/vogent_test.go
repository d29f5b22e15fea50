package vogent

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"voicerelay/upstream/emulator/engine"
	"voicerelay/upstream/emulator/enginetest"
)

// A server that does otherwise where the documentation is silent is played from scenes that name what it does.
func TestVogentTranscripts(t *testing.T) {
	enginetest.PlayTranscripts(t, enginetest.Dialect{
		Vendor: Vendor, Options: engine.Options{APIKey: "YOUR_API_KEY", Chunk: 200 * time.Millisecond, Pace: 8},
		Quirks: []string{"cancelAnswer:none", "lateChunks:0"},
		Fixed:  []string{"type", "generationId", "error"}, Stream: "generationId",
		Audio:   func(f map[string]any) bool { return f["type"] == "chunk" },
		Replace: []string{"<5001 characters>", strings.Repeat("a", maxText+1)},
	})
}

func TestVogentQuirksAreAllDrawn(t *testing.T) {
	settings := map[string]int{ // how many there are of each
		"authBy": 3, "authStatus": 2, "closeCode": 2, "errorCloses": 2, "emptyID": 2, "malformed": 3, "strict": 2,
		"defaultRate": 2, "rate44": 2, "emptyFinal": 2, "reuse": 2, "early": 2, "serial": 2, "givesUp": 2,
		"cancelAnswer": 3, "lateChunks": 3, "oddChunks": 2, "chunk": 16,
		"timesType": 2, "timesField": 3, "timesShape": 5, "timesUnit": 2, "timesFirst": 2, "timesPerChunk": 2,
	}
	seen := make(map[string]map[string]bool)
	for seed := range uint64(64) {
		drawn := reflect.ValueOf(drawQuirks(engine.Options{Seed: seed}))
		for i := range drawn.NumField() {
			name := drawn.Type().Field(i).Name
			if seen[name] == nil {
				seen[name] = make(map[string]bool)
			}
			seen[name][fmt.Sprint(drawn.Field(i))] = true
		}
	}
	for name, values := range seen {
		if len(values) != settings[name] {
			t.Errorf("%s: 64 seeds drew %v, want %d settings", name, values, settings[name])
		}
	}
}
