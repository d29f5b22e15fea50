package uplift

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"voicerelay/upstream/emulator/engine"
	"voicerelay/upstream/emulator/enginetest"
)

func TestUpliftTranscripts(t *testing.T) {
	d := enginetest.Dialect{
		Vendor: Vendor, Options: engine.Options{APIKey: "YOUR_API_KEY", Pace: 8, Chunk: 200 * time.Millisecond},
		Fixed: []string{"type", "requestId", "code", "packet", "event"}, Stream: "requestId",
		Audio:   func(f map[string]any) bool { return f["type"] == "audio" },
		Replace: []string{"<10001 characters>", strings.Repeat("a", 10001)},
	}
	documented := []string{"authStatus:401", "authByError:false", "silence:0", "idle:0"}
	tests := map[string]struct {
		quirks    []string
		heartbeat time.Duration
	}{
		"plain_*":            {quirks: documented},
		"socketio_[^h]*":     {quirks: documented},
		"socketio_heartbeat": {quirks: documented, heartbeat: 500 * time.Millisecond}, // so that two come soon
		"other_*":            {quirks: []string{"authStatus:403", "authByError:true", "silence:2"}},
	}
	for files, tt := range tests {
		d.Files, d.Quirks, d.Options.Inactivity = files, tt.quirks, tt.heartbeat
		enginetest.PlayTranscripts(t, d)
	}
}

func TestUpliftQuirksAreAllDrawn(t *testing.T) {
	seen := map[string]bool{}
	for seed := range uint64(64) {
		q := drawQuirks(engine.Options{Seed: seed})
		q.chunk = 0 // one of sixteen, which makes no difference in kind
		for setting := range strings.FieldsSeq(strings.Trim(q.String(), "{}")) {
			seen[setting] = true
		}
	}
	want := []string{
		"authStatus:401", "authStatus:403", "silence:0", "silence:1", "silence:2", "parallel:8", "parallel:64",
		"lateFrames:0", "lateFrames:1", "lateFrames:2", "wavSize:0", "wavSize:1", "wavSize:4294967295",
		"idle:0", fmt.Sprintf("idle:%d", time.Minute), "chunk:0",
		fmt.Sprintf("ping:%d", 25*time.Second), fmt.Sprintf("ping:%d", 10*time.Second), fmt.Sprintf("pingTimeout:%d", 20*time.Second),
	}
	for _, name := range []string{
		"authByError", "millis", "startsEarly", "sequenceGaps", "fixedWindow", "countsRefused", "oddChunks", "shortVoices",
		"ignoresUnknown", "wavFloat", "billsCharacters",
	} {
		want = append(want, name+":true", name+":false")
	}
	for _, setting := range want {
		if !seen[setting] {
			t.Errorf("no seed drew %s", setting)
		}
		delete(seen, setting)
	}
	if len(seen) > 0 {
		t.Errorf("settings that this test does not know: %v", seen)
	}
}
