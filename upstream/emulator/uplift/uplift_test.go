package uplift

import (
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
		Audio: func(f map[string]any) bool { return f["type"] == "audio" },
		Replace: []string{
			"<257 characters>", strings.Repeat("a", maxID+1),
			"<10000 characters>", strings.Repeat("a", maxText), "<10001 characters>", strings.Repeat("a", maxText+1),
			"<2000 characters>", strings.Repeat("a", shortText), "<2001 characters>", strings.Repeat("a", shortText+1),
		},
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
	// What the reference leaves open, in each of the ways that may be drawn.
	d.Files, d.Quirks, d.Fixed, d.Options.Inactivity = "quirks/*", []string{"idle:0"}, append(d.Fixed, "sequence"), 0
	enginetest.PlayTranscripts(t, d)
}

func TestUpliftQuirksAreAllDrawn(t *testing.T) {
	enginetest.AllDrawn(t, func(seed uint64) any { return drawQuirks(engine.Options{Seed: seed}) },
		map[string]int{"silence": 3, "lateFrames": 3, "wavSize": 3, "chunk": 16, "pingTimeout": 1})
}
