package native

import (
	"testing"
	"time"

	"github.com/voicerelay/voicerelay/client/protocol"

	"voicerelay/billing"
	"voicerelay/downstream/body"
	"voicerelay/relay"
	"voicerelay/relay/relaytest"
)

func testWire() encoder {
	return encoder{id: "g1", asked: protocol.Output{Encoding: "pcm_s16le", SampleRate: 24000}}
}

// What goes around a frame's audio allocates nothing, and the other messages little.
func TestEncodersAllocateLittle(t *testing.T) {
	if relaytest.RaceEnabled {
		t.Skip("the race detector empties pools at random")
	}
	wire, room := testWire(), make([]byte, 0, 1024)
	for name, e := range map[string]relay.Encoder{"JSON": &wire, "binary": &binaryEncoder{wire}, "bare": body.BareEncoder{}} {
		f := relay.Frame{Seq: 7, Start: time.Second, Samples: 4800}
		if got := testing.AllocsPerRun(100, func() { room = e.AppendTail(e.AppendHead(room[:0], f), f) }); got > 0 {
			t.Errorf("%s: a frame allocates %v times", name, got)
		}
	}
	words := relay.Words{Source: relay.SourceProvider, Words: []relay.Word{{Text: "Hello", End: time.Second, CharEnd: 5, Score: -1}}}
	if got := testing.AllocsPerRun(100, func() { wire.Words(words) }); got > 7 {
		t.Errorf("a word allocates %v times, want at most 7", got)
	}
	end := relay.Result{
		Reason: relay.Completed,
		Usage:  relay.Usage{Cost: []billing.Cost{{}}, Attempts: []relay.AttemptUsage{{Provider: "alpha", Model: "m", Outcome: "completed"}}},
		Timing: relay.Timing{Total: time.Second, FirstAudio: time.Millisecond, Spoke: true},
	}
	if got := testing.AllocsPerRun(100, func() { wire.Ended(end) }); got > 24 {
		t.Errorf("an end allocates %v times, want at most 24", got)
	}
}
