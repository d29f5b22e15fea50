package inworld

import (
	"fmt"
	"testing"

	"voicerelay/upstream/emulator/enginetest"
)

const sentence = "One two three four. Five six seven eight."

func TestInworldFaults(t *testing.T) {
	enginetest.MeetFaults(t, enginetest.Speaker{
		Vendor: Vendor, Address: path, Quirks: []string{"oddChunks:false", "limited:false", "errorCloses:false", "failureCloses:false"},
		Speak: []string{createOf("c1", ""), textOf("c1", sentence), commandOf("c1", "close_context")},
		Again: []string{createOf("c2", ""), textOf("c2", sentence), commandOf("c2", "close_context")},
		Waits: []string{createOf("c3", ""), textOf("c3", "More."), createOf("c4", "")},
		Flat:  true, Rate: 24000, Audio: "result.audioChunk.audioContent", Stream: "result.contextId", Code: "8",
		Charge: int64(len(sentence)) * charMicros("inworld-tts-2"),
		Ended:  func(m map[string]any) bool { return m["result.contextClosed"] != nil },
		Failed: func(m map[string]any, code string) bool {
			return fmt.Sprint(m["result.status.code"]) == code || fmt.Sprint(m["error.code"]) == code
		},
	})
}
