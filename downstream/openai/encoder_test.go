package openai

import (
	"testing"
	"time"

	"voicerelay/downstream/body"
	"voicerelay/relay"
	"voicerelay/relay/relaytest"
)

var someFrame = relay.Frame{Seq: 7, Start: time.Second, Samples: 4800}

// What goes around a frame's audio allocates nothing.
func TestEventsAllocateNothing(t *testing.T) {
	if relaytest.RaceEnabled {
		t.Skip("the race detector empties pools at random")
	}
	room := make([]byte, 0, 1024)
	var e relay.Encoder = eventEncoder{}
	if got := testing.AllocsPerRun(100, func() { room = e.AppendTail(e.AppendHead(room[:0], someFrame), someFrame) }); got > 0 {
		t.Errorf("a frame allocates %v times", got)
	}
}

// BenchmarkEncoders shows what goes around a frame, in events and in a bare body.
func BenchmarkEncoders(b *testing.B) {
	for name, e := range map[string]relay.Encoder{"events": eventEncoder{}, "bare": body.BareEncoder{}} {
		b.Run(name, func(b *testing.B) {
			room := make([]byte, 0, 1024)
			b.ReportAllocs()
			for b.Loop() {
				room = e.AppendTail(e.AppendHead(room[:0], someFrame), someFrame)
			}
		})
	}
}

func TestUsualModelsAreThoseOfTheVendor(t *testing.T) {
	for name, want := range map[string]bool{
		"tts-1": true, "tts-1-hd": true, "tts-1-1106": true, "tts-1-hd-1106": true,
		"gpt-4o-mini-tts": true, "gpt-4o-mini-tts-2025-03-20": true,
		"": false, "tts": false, "tts-12": false, "tts-1-x": false, "gpt-4o": false, "default": false, "gpt-4o-mini-tts-latest": false,
	} {
		if got := isUsualModel(name); got != want {
			t.Errorf("%q: got %v, want %v", name, got, want)
		}
	}
}
