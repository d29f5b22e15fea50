package deepgram

import (
	"testing"
	"time"

	"voicerelay/relay"
	"voicerelay/relay/relaytest"
)

// What goes around a frame's audio allocates nothing.
func TestFramesAllocateNothing(t *testing.T) {
	if relaytest.RaceEnabled {
		t.Skip("the race detector empties pools at random")
	}
	var e relay.Encoder = &encoder{}
	room, f := make([]byte, 0, 64), relay.Frame{Seq: 7, Start: time.Second, Samples: 4800}
	if got := testing.AllocsPerRun(100, func() { room = e.AppendTail(e.AppendHead(room[:0], f), f) }); got > 0 || len(room) > 0 {
		t.Errorf("a frame allocates %v times, and has %d bytes beside its audio", got, len(room))
	}
}

// BenchmarkFrame is what goes around a frame's audio, to compare with that of the relay's own protocol.
func BenchmarkFrame(b *testing.B) {
	var e relay.Encoder = &encoder{}
	room, f := make([]byte, 0, 64), relay.Frame{Seq: 7, Start: time.Second, Samples: 4800}
	b.ReportAllocs()
	for b.Loop() {
		room = e.AppendTail(e.AppendHead(room[:0], f), f)
	}
}

// BenchmarkMessage is a word as LiveKit's plugin sends it.
func BenchmarkMessage(b *testing.B) {
	data := []byte(`{"type": "Speak", "text": "Hello "}`)
	b.ReportAllocs()
	for b.Loop() {
		if _, _, refused := aura.decode(1, data); refused != nil {
			b.Fatal(refused)
		}
	}
}
