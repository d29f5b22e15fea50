package minimax

import (
	"encoding/hex"
	"fmt"
	"testing"

	"voicerelay/upstream/emulator/enginetest"
)

const (
	path     = "/ws/v1/t2a_v2_bidi"
	olderWay = "/ws/v1/t2a_v2"
	begin    = `{"event":"task_start","model":"speech-2.8-turbo","voice_setting":{"voice_id":"English_Graceful_Lady"},` +
		`"audio_setting":{"sample_rate":24000,"format":"pcm","channel":1}}`
	counting = "One two three four. Five six seven eight."
)

// sound is the audio of a frame.
func sound(m map[string]any) []byte {
	data, _ := m["data"].(map[string]any)
	text, _ := data["audio"].(string)
	raw, err := hex.DecodeString(text)
	if err != nil {
		panic(err) // no frame of a transcript's
	}
	return raw
}

func code(m map[string]any) int {
	base, _ := m["base_resp"].(map[string]any)
	n, _ := base["status_code"].(float64)
	return int(n)
}

func say(text string) string { return fmt.Sprintf(`{"event":"task_continue","text":%q}`, text) }

func TestMiniMaxFaults(t *testing.T) {
	for path, last := range map[string]string{path: "task_flush", olderWay: "task_finish"} {
		enginetest.MeetFaults(t, enginetest.Speaker{
			Vendor: Vendor, Address: path, Quirks: []string{"oddChunks:false", "failCloses:false"},
			Speak: []string{begin, say(counting), `{"event":"` + last + `"}`}, Waits: []string{say("And more"), `{"event":"task_flush"}`},
			Rate: 24000, Sound: sound, Code: "1002", Charge: int64(len(counting)) * turboMicros,
			Ended:  func(m map[string]any) bool { return m["event"] == last+"ed" || m["event"] == "task_finished" },
			Failed: func(m map[string]any, want string) bool { return fmt.Sprint(code(m)) == want },
		})
	}
}
