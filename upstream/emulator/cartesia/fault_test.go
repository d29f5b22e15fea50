package cartesia

import (
	"net/http"
	"testing"

	"voicerelay/upstream/emulator/enginetest"
)

func TestCartesiaFaults(t *testing.T) {
	const request = `{"model_id":"sonic-3","transcript":"One two three four. Five six seven eight.","voice":{"mode":"id","id":"v"},
		"output_format":{"container":"raw","encoding":"pcm_s16le","sample_rate":24000},"context_id":`
	enginetest.MeetFaults(t, enginetest.Speaker{
		Vendor: Vendor, Address: "/tts/websocket", Header: http.Header{"Cartesia-Version": {structuredErrors}},
		Quirks: []string{"oddChunks:false", "serial:false"},
		Speak:  []string{request + `"c1"}`}, Again: []string{request + `"c2"}`},
		Charge: int64(len("One two three four. Five six seven eight.")) * charMicros,
		Rate:   24000, Audio: "data", Stream: "context_id", Code: "quota_exceeded",
		Ended:  func(m map[string]any) bool { return m["type"] == "done" },
		Failed: func(m map[string]any, code string) bool { return m["error_code"] == code },
	})
}
