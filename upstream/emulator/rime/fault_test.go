package rime

import (
	"testing"

	"voicerelay/upstream/emulator/enginetest"
)

const counting = "One two three four. Five six seven eight."

func TestRimeFaults(t *testing.T) {
	speak := func(id string) []string {
		return []string{`{"contextId":"` + id + `","start":{"speaker":"lyra","text":"` + counting + `"}}`}
	}
	enginetest.MeetFaults(t, enginetest.Speaker{
		Vendor: Vendor, Address: "/ws", Quirks: []string{"oddChunks:false", "requestNamed:true"},
		Speak: speak("c1"), Again: speak("c2"), Waits: []string{`{"contextId":"c3","start":{"speaker":"lyra"}}`},
		Rate: 24000, Audio: "audio", Stream: "contextId", Code: "resource_exhausted", Charge: int64(len(counting)) * charMicros,
		Ended: func(m map[string]any) bool { return m["done"] != nil },
		Failed: func(m map[string]any, code string) bool {
			e, _ := m["error"].(map[string]any)
			return e["kind"] == code
		},
	})
}

func TestRimeWS3Faults(t *testing.T) {
	texts := []string{`{"text":"` + counting + `","contextId":"c1"}`, `{"operation":"flush"}`}
	enginetest.MeetFaults(t, enginetest.Speaker{
		Vendor: Vendor, Address: "/ws3?speaker=lyra&modelId=coda&audioFormat=pcm&samplingRate=24000&segment=never",
		Quirks: []string{"oddChunks:false", "errorCloses:false"}, Speak: texts, Again: texts, Waits: texts,
		Rate: 24000, Audio: "data", Code: "quota", Charge: int64(len(counting)) * charMicros,
		Ended:  func(m map[string]any) bool { return m["type"] == "done" },
		Failed: func(m map[string]any, code string) bool { return m["type"] == "error" && m["message"] == code },
	})
}
