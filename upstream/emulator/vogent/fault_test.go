package vogent

import (
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/coder/websocket"

	"voicerelay/upstream/emulator/engine"
	"voicerelay/upstream/emulator/enginetest"
)

func TestVogentFaults(t *testing.T) {
	const request = `{"voiceId":"` + testVoice + `","text":"` + longText + `","finalText":true,"sampleRate":24000,"generationId":`
	enginetest.MeetFaults(t, enginetest.Speaker{
		Vendor: Vendor, Address: "/api/tts/websocket", Quirks: []string{"emptyID:false", "errorCloses:false", "oddChunks:false", "serial:true"},
		Speak: []string{request + `"g1"}`}, Again: []string{request + `"g2"}`},
		Waits: []string{
			`{"voiceId":"` + testVoice + `","text":"No end","generationId":"waits","contextId":"c"}`,
			`{"voiceId":"` + testVoice + `","text":"Hello.","finalText":true,"generationId":"behind","contextId":"c"}`,
		},
		Charge: int64(utf8.RuneCountInString(longText)) * charMicros,
		Rate:   24000, Audio: "audio", Stream: "generationId", Code: "out of memory",
		Ended:  func(m map[string]any) bool { return m["type"] == "finished" },
		Failed: func(m map[string]any, code string) bool { return m["type"] == "error" && m["error"] == code },
	})
}

// A stalled generation is silent until it is canceled. SetFault holds for those that begin after it.
func TestVogentStallHoldsUpItsGenerationAlone(t *testing.T) {
	t.Parallel()
	c := talk(t, engine.Options{Fault: engine.Fault{Kind: engine.Stall, After: 200 * time.Millisecond}, Chunk: 100 * time.Millisecond},
		"cancelAnswer:finished", "lateChunks:0", "oddChunks:false", "serial:false")
	c.send("g", longText, true, engine.Object{"sampleRate": 24000})
	c.wait("the stall", func(s engine.Stats) bool { return len(s.Streams) == 1 && s.Streams[0].Audio >= 200*time.Millisecond })
	c.server.SetFault(engine.Fault{})
	c.send("next", "Hello.", true, nil)
	all := c.until("next")
	if got := len(chunks(t, all, "g")); got != 2 {
		t.Errorf("got %d chunks of 100 ms, want 2", got)
	}
	c.send("g", "", false, engine.Object{"cancel": true})
	if got := types(c.until("g"), "g"); !slices.Equal(got, []string{"finished"}) {
		t.Errorf("after the cancel: got %q", got)
	}
}

// A client that sends without end and reads nothing is held up by its own socket, and Close ends it all the same.
func TestVogentClosesThoughAClientFloodsIt(t *testing.T) {
	t.Parallel()
	c := talk(t, engine.Options{}, "errorCloses:false")
	flood := make(chan error, 1)
	go func() {
		for { // each is answered by as much
			err := c.conn.Write(c.ctx, websocket.MessageText, []byte(`{"generationId":"`+strings.Repeat("x", 8*maxID)+`"}`))
			if err != nil {
				flood <- err
				return
			}
		}
	}()
	select {
	case err := <-flood:
		t.Fatalf("closed: %v", err)
	case <-time.After(300 * time.Millisecond): // the buffers of both directions are full
	}
	closed := make(chan error, 1)
	go func() { closed <- c.server.Close() }()
	select {
	case err := <-closed:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("Close waits for a client that does not read")
	}
	<-flood // which the close has ended
}
