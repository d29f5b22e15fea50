package fish

import (
	"fmt"
	"testing"

	"voicerelay/upstream/emulator/enginetest"
)

const (
	path      = "/v1/tts/live"
	timedPath = "/v1/tts/live/with-timestamp"
	begin     = `{"event":"start","request":{"text":"","format":"pcm","sample_rate":24000,"latency":"balanced","reference_id":"voice-1"}}`
	flush     = `{"event":"flush"}`
	stop      = `{"event":"stop"}`
	counting  = "One two three four. Five six seven eight."
)

func say(text string) string { return fmt.Sprintf(`{"event":"text","text":%q}`, text) }

func TestFishFaults(t *testing.T) {
	for _, path := range []string{path, timedPath} {
		enginetest.MeetFaults(t, enginetest.Speaker{
			Vendor: Vendor, Codec: codec(), Address: path, Quirks: []string{"oddChunks:false", "emptyFrames:false"},
			Speak: []string{begin, say(counting), flush, stop},
			Rate:  24000, Audio: "audio", Code: "overloaded", Charge: int64(len(counting)) * byteMicros,
			Ended:  func(m map[string]any) bool { return m["event"] == "finish" && m["reason"] == "stop" },
			Failed: func(m map[string]any, code string) bool { return m["event"] == "error" && m["error"] == code },
		})
	}
}
