package assemblyai

import (
	"fmt"
	"testing"

	"voicerelay/upstream/emulator/enginetest"
)

const (
	path     = "/v1/ws?word_boundaries=false"
	sentence = "One two three four. Five six seven eight."
	flush    = `{"type":"Flush"}`
	cancel   = `{"type":"Cancel"}`
)

func textOf(text string) string { return fmt.Sprintf(`{"type":"Generate","text":%q}`, text) }

func TestAssemblyAIFaults(t *testing.T) {
	enginetest.MeetFaults(t, enginetest.Speaker{
		Vendor: Vendor, Address: path, Quirks: []string{"oddChunks:false", "limited:false"},
		Speak: []string{textOf(sentence), flush}, Waits: []string{textOf("More."), flush, textOf("And more.")},
		Rate: 24000, Audio: "audio", Code: "3005", Charge: int64(len(sentence)) * charMicros,
		Ended:  func(m map[string]any) bool { return m["type"] == "FlushDone" },
		Failed: func(m map[string]any, code string) bool { return fmt.Sprint(m["error_code"]) == code },
	})
}
