package deepgram

import (
	"testing"

	"voicerelay/upstream/emulator/enginetest"
)

func TestDeepgramFaults(t *testing.T) {
	texts := []string{`{"type":"Speak","text":"One two three four. Five six seven eight."}`, `{"type":"Flush"}`}
	enginetest.MeetFaults(t, enginetest.Speaker{
		Vendor: Vendor, Address: "/v1/speak?model=aura-2-thalia-en&sample_rate=24000",
		Quirks: []string{"oddChunks:false", "errorCloses:false"},
		Speak:  texts, Again: texts, Charge: int64(len("One two three four. Five six seven eight.")) * charMicros, Rate: 24000, Code: "NET-0000",
		Ended:  func(m map[string]any) bool { return m["type"] == "Flushed" },
		Failed: func(m map[string]any, code string) bool { return m["type"] == "Error" && m["code"] == code },
	})
}

func TestFluxFaults(t *testing.T) {
	texts := []string{`{"type":"Speak","text":"One two three four. Five six seven eight."}`, `{"type":"Flush"}`}
	enginetest.MeetFaults(t, enginetest.Speaker{
		Vendor: Vendor, Address: "/v2/speak?model=flux-alexis-en&sample_rate=24000",
		Quirks: []string{"oddChunks:false", "errorCloses:false", "billsSpace:true"},
		Speak:  texts, Again: texts, Charge: int64(len("One two three four. Five six seven eight.")) * charMicros, Rate: 24000, Code: "NET-0000",
		Ended:  func(m map[string]any) bool { return m["type"] == "SpeechMetadata" },
		Failed: func(m map[string]any, code string) bool { return m["type"] == "Error" && m["code"] == code },
	})
}
