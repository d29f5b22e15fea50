package cartesia

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/voicerelay/voicerelay/client/protocol"

	"voicerelay/audio"
	"voicerelay/relay"
	"voicerelay/relay/refusals"
	"voicerelay/relay/relaytest"
)

var format = audio.Format{Encoding: audio.PCM16, Rate: 24000}

// What goes around a frame's audio allocates nothing, and words little.
func TestEncodersAllocateLittle(t *testing.T) {
	if relaytest.RaceEnabled {
		t.Skip("the race detector empties pools at random")
	}
	flushing := newEncoder("c", format)
	flushing.flushes.Store(true)
	room := make([]byte, 0, 1024)
	for name, e := range map[string]relay.Encoder{
		"context": newEncoder("c", format), "flushes": flushing, "events": eventEncoder{newEncoder("c", format)},
	} {
		f := relay.Frame{Seq: 7, Start: time.Second, Samples: 4800}
		if got := testing.AllocsPerRun(100, func() { room = e.AppendTail(e.AppendHead(room[:0], f), f) }); got > 0 {
			t.Errorf("%s: a frame allocates %v times", name, got)
		}
	}
	e := newEncoder("c", format)
	e.text.Append("Hello, world.")
	words := relay.Words{Words: []relay.Word{{Text: "Hello", End: time.Second, CharEnd: 5}}}
	if got := testing.AllocsPerRun(100, func() { e.Words(words) }); got > 16 {
		t.Errorf("a word allocates %v times, want at most 16", got)
	}
}

// The audio in a message begins and ends where clients expect it, whatever the context is called.
func TestAChunkIsOneObject(t *testing.T) {
	for _, id := range []string{"c", `a"b\c`, "<&>", "äöü\n", strings.Repeat("x", maxID)} {
		e := newEncoder(id, format)
		var chunk struct {
			Type, Data string
			ContextID  string `json:"context_id"`
		}
		if err := json.Unmarshal(e.chunk([]byte{1, 2, 3, 4}), &chunk); err != nil || chunk.Data != "AQIDBA==" || chunk.ContextID != id {
			t.Errorf("%q: %+v, %v", id, chunk, err)
		}
	}
}

// A chunk takes as little as a frame of the relay's own protocol.
func BenchmarkFrame(b *testing.B) {
	room, f := make([]byte, 0, 1024), relay.Frame{Seq: 7, Start: time.Second, Samples: 4800}
	b.Run("native", func(b *testing.B) {
		head := protocol.Audio{GenerationID: "g1", Seq: 7, StartMS: 1000, Samples: 4800}
		for b.Loop() {
			room = protocol.AppendAudioTail(protocol.AppendAudioHead(room[:0], head))
		}
	})
	b.Run("cartesia", func(b *testing.B) {
		e := newEncoder("c", format)
		for b.Loop() {
			room = e.AppendTail(e.AppendHead(room[:0], f), f)
		}
	})
}

// Times are in seconds, to the millisecond. Characters of Chinese and Japanese have times of their own, and punctuation none.
func TestWordsHaveTimesInSeconds(t *testing.T) {
	e := newEncoder("c", format)
	e.text.Append("Hello, 世界。カタ")
	words := []relay.Word{
		{Text: "Hello", Start: 60 * time.Millisecond, End: 310 * time.Millisecond, CharEnd: 5},
		{Text: "世", Start: 400 * time.Millisecond, End: 500 * time.Millisecond, CharStart: 7, CharEnd: 8},
		{Text: "界", Start: 500 * time.Millisecond, End: 600 * time.Millisecond, CharStart: 8, CharEnd: 9},
		{Text: "カタ", Start: 600 * time.Millisecond, End: 800 * time.Millisecond, CharStart: 10, CharEnd: 12},
	}
	want := `{"type":"timestamps","context_id":"c","done":false,"status_code":206,"word_timestamps":` +
		`{"words":["Hello,","世","界","。","カ","タ"],"start":[0.06,0.4,0.5,0.6,0.6,0.7],"end":[0.31,0.5,0.6,0.6,0.7,0.8]}}`
	if got := string(e.Words(relay.Words{Words: words})); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// Every code of the relay has its place in the table, with a status that no client waits for ever after.
func TestEveryCodeIsTold(t *testing.T) {
	for _, code := range protocol.Codes() {
		if got, ok := errorsTold[code]; !ok || got.title == "" || got.code == "" || got.frame < 500 || got.frame > 599 {
			t.Errorf("%s is told as %+v", code, got)
		}
	}
	for _, code := range refusals.Codes() {
		if !slices.Contains(protocol.Codes(), protocol.Code(code)) {
			t.Errorf("%s is no code of the protocol", code)
		}
	}
	if got := tell("new"); got.code != "internal_error" {
		t.Errorf("an unknown code is told as %s", fmt.Sprint(got))
	}
}
