package elevenlabs

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"voicerelay/upstream/emulator/engine"
	"voicerelay/upstream/emulator/enginetest"
)

func TestElevenLabsFaults(t *testing.T) {
	enginetest.MeetFaults(t, enginetest.Speaker{
		Vendor: Vendor, Address: "/v1/text-to-speech/21m00Tcm4TlvDq8ikWAM/multi-stream-input?output_format=pcm_24000",
		Quirks: []string{"oddChunks:false", "errorNamesContext:true", "alignUnasked:false", "authBy:error", "closeKeeps:all", "serial:true"},
		Speak:  []string{say("c", longSentence, false), closeMessage}, // too short to be spoken before the close
		Waits:  []string{say("turn", longSentence, true), `{"text":" ","context_id":"waits"}`},
		Rate:   24000, Audio: "audio", Stream: "contextId", Code: quota,
		Ended:  func(m map[string]any) bool { return m["isFinal"] == true },
		Failed: func(m map[string]any, code string) bool { return m["error"] == code },
	})
}

// A stalled context is silent though it was closed before, until it is closed once more; others go on.
func TestElevenLabsStallHoldsUpItsContextAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := talk(t, engine.Options{Fault: engine.Fault{Kind: engine.Stall, After: 200 * time.Millisecond}, Chunk: 100 * time.Millisecond}, "&output_format=pcm_24000",
			"oddChunks:false", "lateChunks:0", "serial:true", "flushDone:false", "closeKeeps:all")
		c.Send(say("c", longSentence, false), closeMessage) // too short to be spoken before the close
		c.Await("the stall", func(s engine.Stats) bool { return len(s.Streams) == 1 && s.Streams[0].Audio >= 200*time.Millisecond })
		c.Server.SetFault(engine.Fault{})
		c.Send(say("next", "Hello.", true), `{"context_id":"next","close_context":true}`)
		all := c.until("next")
		if got := len(pcm(t, all, "c")) / 2; got < 4800 || got > 2*4800 {
			t.Errorf("got %d samples of the stalled one, want 200 ms", got)
		}
		c.Send(closeMessage)
		if all := c.until("c"); len(all) != 1 {
			t.Errorf("after the close: got %+v", all)
		}
	})
}

// A bad key and a vendor in trouble are told over HTTP in the vendor's envelope.
func TestElevenLabsRefusesTheUpgrade(t *testing.T) {
	tests := map[string]struct {
		fault  engine.Fault
		key    string
		status int
		want   string
	}{
		"bad key":  {engine.Fault{}, "wrong", http.StatusUnauthorized, badKey},
		"too many": {engine.Fault{Kind: engine.Refuse, Code: 429, After: 3 * time.Second}, testKey, http.StatusTooManyRequests, full},
		"trouble":  {engine.Fault{Kind: engine.Refuse, Code: 503}, testKey, http.StatusServiceUnavailable, "service_unavailable"},
	}
	for name, tt := range tests {
		o := engine.Options{APIKey: testKey, Fault: tt.fault}
		w := enginetest.Serve(t, enginetest.Dialect{Vendor: Vendor, Options: o, Quirks: []string{"authBy:status"}})
		response := w.Upgrade(t, "/v1/text-to-speech/21m00Tcm4TlvDq8ikWAM/multi-stream-input", map[string]string{"xi-api-key": tt.key})
		var body struct {
			Detail struct{ Status, Message string }
		}
		if err := json.NewDecoder(response.Body).Decode(&body); err != nil || response.StatusCode != tt.status || body.Detail.Status != tt.want {
			t.Errorf("%s: got %d, %+v, %v", name, response.StatusCode, body, err)
		}
		if got := response.Header.Get("Retry-After"); (got == "3") != (tt.fault.After > 0) {
			t.Errorf("%s: Retry-After: %q", name, got)
		}
		if got := w.Server.Stats().Refused; got != 1 {
			t.Errorf("%s: %d refused, want one", name, got)
		}
	}
}

func TestCutReasonKeepsCharactersWhole(t *testing.T) {
	tests := map[string]string{
		"short":                  "short",
		strings.Repeat("a", 200): strings.Repeat("a", maxReason),
		strings.Repeat("ü", 100): strings.Repeat("ü", maxReason/2), // two bytes each, and the last is cut before it
		strings.Repeat("世", 41):  strings.Repeat("世", 41),          // just fits
	}
	for text, want := range tests {
		if got := cutReason(text); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
