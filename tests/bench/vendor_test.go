package main

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
)

// caller is a connection to a vendor, read message by message.
type caller struct {
	t    *testing.T
	ctx  context.Context
	conn *websocket.Conn
}

func startTestVendor(t *testing.T) *vendor {
	t.Helper()
	return startPacedVendor(t, realTime)
}

func startPacedVendor(t *testing.T, pace float64) *vendor {
	t.Helper()
	v, err := startVendor(newClock(), pace)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := v.close(); err != nil {
			t.Error(err)
		}
	})
	return v
}

func call(t *testing.T, v *vendor) *caller {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), deadline)
	t.Cleanup(cancel)
	conn, _, err := websocket.Dial(ctx, vendorDialect{}.address(v.url), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.CloseNow() })
	return &caller{t: t, ctx: ctx, conn: conn}
}

func (c *caller) say(message string) {
	c.t.Helper()
	if err := c.conn.Write(c.ctx, websocket.MessageText, []byte(message)); err != nil {
		c.t.Fatal(err)
	}
}

func (c *caller) next() map[string]any {
	c.t.Helper()
	_, data, err := c.conn.Read(c.ctx)
	if err != nil {
		c.t.Fatal(err)
	}
	var m map[string]any
	if err := json.Unmarshal(data, &m); err != nil {
		c.t.Fatalf("%v in %.100s", err, data)
	}
	return m
}

// until reads to a context's end and says what came, in the words of the kinds of messages.
func (c *caller) until(kind string) (kinds []string, last map[string]any) {
	c.t.Helper()
	for {
		m := c.next()
		for _, k := range []string{"context_created", "generation_started", "audio", "chunk_complete", "final", "context_closed", "session_closed", "error"} {
			if _, ok := m[k]; ok {
				kinds = append(kinds, k)
			}
		}
		if _, ok := m[kind]; ok {
			return kinds, m
		}
	}
}

func TestVendorSpeaksAContextToItsEnd(t *testing.T) {
	c := call(t, startTestVendor(t))
	c.say(`{"text":" ","context_id":"c1","voice_settings":{"voice_id":1071}}`)
	c.say(`{"text":"Five.","context_id":"c1","flush":true}`)
	c.say(`{"text":"And more","context_id":"c1"}`)
	c.say(`{"close_context":true,"context_id":"c1"}`)
	got, last := c.until("context_closed")
	want := []string{
		"context_created",
		"generation_started", "audio", "audio", "audio", "chunk_complete", "final", // 5 characters
		"generation_started", "audio", "audio", "audio", "audio", "audio", "chunk_complete", "final", // 8 characters
		"final", "context_closed",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
	usage, _ := last["usage"].(map[string]any)
	if usage["audio_seconds"] != 0.8 || usage["characters"] != 13.0 || usage["currency"] != "eur" {
		t.Errorf("got the usage %v", usage)
	}
}

func TestVendorCountsFramesOverPieces(t *testing.T) {
	v := startTestVendor(t)
	c := call(t, v)
	c.say(`{"text":"Number 41.","context_id":"c1","flush":true}`)
	c.say(`{"text":"More.","context_id":"c1","flush":true}`)
	c.say(`{"close_context":true,"context_id":"c1"}`)
	var indexes []float64
	for {
		m := c.next()
		if m["context_closed"] != nil {
			break
		}
		if m["audio"] != nil {
			indexes = append(indexes, m["idx"].(float64))
		}
	}
	if want := []float64{0, 1, 2, 3, 4, 5, 6, 7, 8}; !slices.Equal(indexes, want) {
		t.Errorf("got %v, want %v", indexes, want)
	}
	spoken, err := v.spoken.take(c.ctx, 41)
	if err != nil || len(spoken) != 1 {
		t.Fatalf("got %d utterances, %v", len(spoken), err)
	}
	if u := spoken[0]; u.frames != 9 || len(u.late) != 9 || u.cancelled != 0 || slices.Min(u.late) < 0 {
		t.Errorf("the vendor noted %+v", u)
	}
	if again, _ := v.spoken.take(c.ctx, 41); len(again) != 0 {
		t.Errorf("the vendor did not forget it")
	}
}

func TestVendorStopsAtOnce(t *testing.T) {
	tests := []struct{ name, before string }{
		{"while open", `{"keep_alive":true,"context_id":"c1"}`},
		{"while closing", `{"close_context":true,"context_id":"c1"}`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			v := startTestVendor(t)
			c := call(t, v)
			long := strings.Repeat("a long text ", 50)
			c.say(`{"text":"Number 5, ` + long + `","context_id":"c1","flush":true}`)
			c.say(test.before)
			c.until("audio")
			before := v.clock.now()
			c.say(`{"close_context":true,"context_id":"c1","immediate":true}`)
			got, last := c.until("context_closed")
			if slices.Contains(got, "final") || last["usage"] == nil {
				t.Errorf("got %v, %v", got, last)
			}
			spoken, err := v.spoken.take(c.ctx, 5)
			if err != nil || len(spoken) != 1 || spoken[0].cancelled < before {
				t.Errorf("the vendor noted %+v, %v; stopped at %v", spoken, err, before)
			}
		})
	}
}

func TestVendorKeepsPace(t *testing.T) {
	v := startTestVendor(t)
	c := call(t, v)
	began := v.clock.now()
	c.say(`{"text":"Nine 9 ch","context_id":"c1","flush":true}`)
	c.until("final")
	// Six frames: the first at once, hence the last after five pauses. How much later is the machine's affair.
	if took := v.clock.now() - began; took < 5*frameEvery {
		t.Errorf("half a second of speech took %v", took)
	}
}

func TestVendorPassesOverWhatNeedsNoAnswer(t *testing.T) {
	c := call(t, startTestVendor(t))
	c.say(`{"text":"","voice_id":1071,"model_id":"kugel-3"}`)
	c.say(`{"text":"","context_id":"c1"}`)
	c.say(`{"close_context":true,"context_id":"unknown","immediate":true}`)
	c.say(`{"text":" ","context_id":"c2"}`)
	c.say(`{"close_context":true,"context_id":"c2"}`)
	got, last := c.until("context_closed")
	if want := []string{"context_created", "final", "context_closed"}; !slices.Equal(got, want) || last["usage"] != nil {
		t.Errorf("got %v, %v, want %v without usage", got, last, want)
	}
	c.say(`{"close_socket":true}`)
	if got, _ := c.until("session_closed"); len(got) != 1 {
		t.Errorf("got %v", got)
	}
}

func TestVendorEndsWhatRunsWhenItCloses(t *testing.T) {
	v := startTestVendor(t)
	c := call(t, v)
	c.say(`{"text":"Number 3, ` + strings.Repeat("a long text ", 50) + `","context_id":"c1","flush":true}`)
	c.until("audio")
	if err := v.close(); err != nil {
		t.Error(err)
	}
	if _, err := v.spoken.take(c.ctx, 3); err != nil {
		t.Error(err)
	}
}

func TestNumberIn(t *testing.T) {
	for text, want := range map[string]int{"Utterance 12 begins": 12, "7": 7, "none": -1, "": -1, "a1b2": 1, "x 99999999999999": 9999999999} {
		if got := numberIn(text); got != want {
			t.Errorf("%q: got %d, want %d", text, got, want)
		}
	}
}

func TestSpeechLastsAsLongAsAsked(t *testing.T) {
	for _, speech := range []time.Duration{frameEvery, time.Second, 3700 * time.Millisecond, time.Minute} {
		if frames := framesFor(charactersFor(speech)); time.Duration(frames)*frameEvery < speech {
			t.Errorf("%v: got %d frames", speech, frames)
		}
		text := utteranceText(123, charactersFor(speech))
		if got := framesFor(len(text)); time.Duration(got)*frameEvery < speech-2*frameEvery {
			t.Errorf("%v: the text lasts %d frames: %q", speech, got, text)
		}
	}
}
