package elevenlabs

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"voicerelay/audio"
	"voicerelay/upstream/emulator/engine"
	"voicerelay/upstream/emulator/enginetest"
)

// Faults that end a context do so once so much audio has been sent, and not before.
func TestElevenLabsBreaksAfterSoMuchAudio(t *testing.T) {
	const after = 300 * time.Millisecond
	var syntax *json.SyntaxError
	last := func(all []frame) frame { return append([]frame{{}}, all...)[len(all)] }
	tests := map[string]struct {
		fault engine.Fault
		ended func(all []frame, err error) bool
	}{
		"drop":    {engine.Fault{Kind: engine.Drop}, func(_ []frame, err error) bool { return err != nil && websocket.CloseStatus(err) == -1 }},
		"close":   {engine.Fault{Kind: engine.CloseCode, Code: 1013}, func(_ []frame, err error) bool { return websocket.CloseStatus(err) == 1013 }},
		"garbage": {engine.Fault{Kind: engine.Garbage}, func(_ []frame, err error) bool { return errors.As(err, &syntax) }},
		"error": {engine.Fault{Kind: engine.ErrorFrame, Name: quota}, func(all []frame, _ error) bool {
			return last(all).Error == quota && last(all).id() == "c"
		}},
		"session error": {engine.Fault{Kind: engine.ErrorFrame, Name: "whatever", Session: true}, func(all []frame, _ error) bool {
			return last(all).Error == "whatever" && strings.HasPrefix(last(all).Message, "We are sorry") && last(all).id() == ""
		}},
	}
	for name, tt := range tests {
		for _, wait := range []time.Duration{0, after} {
			t.Run(name+" "+wait.String(), func(t *testing.T) {
				t.Parallel()
				fault := tt.fault // which the other wait shares
				fault.After = wait
				c := talk(t, engine.Options{Fault: fault, Chunk: 100 * time.Millisecond, Pace: 10}, "&output_format=pcm_24000",
					"oddChunks:false", "errorNamesContext:true", "alignUnasked:false", "authBy:error")
				c.send(say("c", longSentence, true))
				all, err := c.toEnd()
				if !tt.ended(all, err) {
					t.Errorf("ended by %+v, %v", last(all), err)
				}
				heard := audio.Duration(int64(len(pcm(t, all, "c"))), 24000)
				// What a broken connection had under way may be lost.
				if heard > wait || (heard < wait && fault.Kind != engine.Drop) {
					t.Errorf("heard %v, want %v", heard, wait)
				}
			})
		}
	}
}

// Faults that leave a context its normal end spoil the audio in their way.
func TestElevenLabsSpoilsAudio(t *testing.T) {
	tests := map[string]struct {
		fault  engine.Fault
		well   func(chunks [][]byte, took time.Duration) bool
		length [2]time.Duration // at least and at most
	}{
		"empty":        {engine.Fault{Kind: engine.Empty}, func(c [][]byte, _ time.Duration) bool { return len(c) == 0 }, [2]time.Duration{0, 0}},
		"wrong length": {engine.Fault{Kind: engine.WrongLength}, func(c [][]byte, _ time.Duration) bool { return len(c) == 1 }, [2]time.Duration{1, 20 * time.Millisecond}},
		"odd chunks":   {engine.Fault{Kind: engine.OddChunks}, func(c [][]byte, _ time.Duration) bool { return len(c[0])%2 == 1 }, [2]time.Duration{time.Second / 10, time.Minute}},
		"late":         {engine.Fault{Kind: engine.Late, After: 200 * time.Millisecond}, func(_ [][]byte, took time.Duration) bool { return took >= 200*time.Millisecond }, [2]time.Duration{time.Second / 10, time.Minute}},
		"slow": {engine.Fault{Kind: engine.Slow}, func(c [][]byte, took time.Duration) bool {
			ahead := time.Duration(len(c)-1) * 50 * time.Millisecond // all but the last frame
			return took >= 2*ahead
		}, [2]time.Duration{time.Second / 10, time.Minute}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := talk(t, engine.Options{Fault: tt.fault, Chunk: 50 * time.Millisecond}, "&output_format=pcm_24000", "oddChunks:false", "alignUnasked:false")
			began := time.Now()
			c.send(say("c", "Hello. ", true), closeMessage)
			all := c.until("c")
			if chunks, took := chunks(t, all, "c"), time.Since(began); !tt.well(chunks, took) {
				t.Errorf("%d frames in %v", len(chunks), took)
			}
			if got := audio.Duration(int64(len(pcm(t, all, "c"))), 24000); got < tt.length[0] || got > tt.length[1] {
				t.Errorf("heard %v, want %v", got, tt.length)
			}
		})
	}
}

// A stalled context is silent though it was closed before, until it is closed once more; others go on.
func TestElevenLabsStallHoldsUpItsContextAlone(t *testing.T) {
	t.Parallel()
	c := talk(t, engine.Options{Fault: engine.Fault{Kind: engine.Stall, After: 200 * time.Millisecond}, Chunk: 100 * time.Millisecond}, "&output_format=pcm_24000",
		"oddChunks:false", "lateChunks:0", "serial:true", "flushDone:false", "closeKeeps:all")
	c.send(say("c", longSentence, false), closeMessage) // too short to be spoken before the close
	c.wait("the stall", func(s engine.Stats) bool { return len(s.Streams) == 1 && s.Streams[0].Audio >= 200*time.Millisecond })
	c.server.SetFault(engine.Fault{})
	c.send(say("next", "Hello.", true), `{"context_id":"next","close_context":true}`)
	all := c.until("next")
	if got := len(pcm(t, all, "c")); got < 4800 || got > 2*4800 {
		t.Errorf("got %d samples of the stalled one, want 200 ms", got)
	}
	c.send(closeMessage)
	if all := c.until("c"); len(all) != 1 {
		t.Errorf("behind the close: got %+v", all)
	}
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
		server, base := enginetest.Dialect{Vendor: Vendor, Options: engine.Options{APIKey: testKey}, Quirks: []string{"authBy:status"}}.Start(t, enginetest.Scene{})
		server.SetFault(tt.fault)
		response := enginetest.Upgrade(t, base, "/v1/text-to-speech/21m00Tcm4TlvDq8ikWAM/multi-stream-input", map[string]string{"xi-api-key": tt.key})
		var body struct {
			Detail struct{ Status, Message string }
		}
		if err := json.NewDecoder(response.Body).Decode(&body); err != nil || response.StatusCode != tt.status || body.Detail.Status != tt.want {
			t.Errorf("%s: got %d, %+v, %v", name, response.StatusCode, body, err)
		}
		if got := response.Header.Get("Retry-After"); (got == "3") != (tt.fault.After > 0) {
			t.Errorf("%s: Retry-After: %q", name, got)
		}
		if got := server.Stats().Refused; got != 1 {
			t.Errorf("%s: %d refused, want one", name, got)
		}
	}
}

// Contexts that are spoken, and those that wait or are stalled, end with the emulator and with their client.
func TestElevenLabsLeavesNothingBehind(t *testing.T) {
	for _, clientLeaves := range []bool{false, true} {
		c := talk(t, engine.Options{Pace: 1}, "", "serial:true")
		c.send(say("spoken", longSentence, true), say("turn", longSentence, true), `{"text":" ","context_id":"waits"}`)
		c.wait("three contexts", func(s engine.Stats) bool { return s.OpenContexts == 3 })
		if clientLeaves {
			_ = c.conn.CloseNow() // that is what the test does
		} else if err := c.server.Close(); err != nil {
			t.Error(err)
		}
		c.wait("that they are gone", func(s engine.Stats) bool { return s.OpenContexts == 0 && s.OpenSockets == 0 })
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
