package vogent

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"unicode/utf8"

	"github.com/coder/websocket"

	"voicerelay/upstream/emulator/enginetest"
)

func TestVogentFaults(t *testing.T) {
	const request = `{"voiceId":"` + testVoice + `","text":"` + longText + `","finalText":true,"sampleRate":24000,"generationId":`
	enginetest.MeetFaults(t, enginetest.Speaker{
		Vendor: Vendor, Address: "/api/tts/websocket", Quirks: []string{"emptyID:false", "errorCloses:false", "oddChunks:false", "serial:true"},
		Speak: []string{request + `"g1"}`}, Again: []string{request + `"g2"}`},
		Waits: []string{
			`{"voiceId":"` + testVoice + `","text":"No end","generationId":"waits","contextId":"c"}`,
			`{"voiceId":"` + testVoice + `","text":"Hello.","finalText":true,"generationId":"next","contextId":"c"}`,
		},
		Charge: int64(utf8.RuneCountInString(longText)) * charMicros,
		Rate:   24000, Audio: "audio", Stream: "generationId", Code: "out of memory",
		Ended:  func(m map[string]any) bool { return m["type"] == "finished" },
		Failed: func(m map[string]any, code string) bool { return m["type"] == "error" && m["error"] == code },
	})
}

// A client that sends without end and reads nothing is held up by its own socket, and Close ends it all the same.
func TestVogentClosesThoughAClientFloodsIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := enginetest.Serve(t, enginetest.Dialect{Vendor: Vendor})
		conn := w.Dial(t, "/api/tts/websocket", nil)
		message := []byte(`{"generationId":"` + strings.Repeat("x", 8*maxID) + `"}`) // is answered by as much
		go func() {
			for conn.Write(context.Background(), websocket.MessageText, message) == nil {
			}
		}()
		synctest.Wait() // nothing moves in either direction
		if err := w.Server.Close(); err != nil {
			t.Error(err)
		}
	})
}
