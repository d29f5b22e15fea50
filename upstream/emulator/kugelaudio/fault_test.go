package kugelaudio

import (
	"testing"

	"voicerelay/upstream/emulator/enginetest"
)

func TestKugelAudioFaults(t *testing.T) {
	const voice = `"voice_settings":{"voice_id":1071},"flush":true,"text":"One two three four. Five six seven eight.","context_id":`
	enginetest.MeetFaults(t, enginetest.Speaker{
		Vendor: Vendor, Address: "/ws/tts/multi",
		Speak: []string{`{` + voice + `"c1"}`, `{"context_id":"c1","close_context":true}`},
		Again: []string{`{` + voice + `"c2"}`, `{"context_id":"c2","close_context":true}`},
		Rate:  24000, Audio: "audio", Stream: "context_id", Code: "RATE_LIMITED",
		Ended:  func(m map[string]any) bool { return m["context_closed"] == true },
		Failed: func(m map[string]any, code string) bool { return m["error_code"] == code },
	})
}
