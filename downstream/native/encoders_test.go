package native

import (
	"net/http"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/voicerelay/voicerelay/client/protocol"

	"voicerelay/access"
	"voicerelay/billing"
	"voicerelay/relay"
	"voicerelay/relay/delivery"
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
	for name, e := range map[string]relay.Encoder{"JSON": &wire, "binary": &binaryEncoder{wire}, "bare": bareEncoder{}} {
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

// sinkhole is an HTTP answer's writer that takes all.
type sinkhole struct {
	header http.Header
	bytes  int
}

func (s *sinkhole) Header() http.Header                { return s.header }
func (s *sinkhole) WriteHeader(int)                    {}
func (s *sinkhole) Flush()                             {}
func (s *sinkhole) SetWriteDeadline(t time.Time) error { return nil }

func (s *sinkhole) Write(p []byte) (int, error) {
	s.bytes += len(p)
	return len(p), nil
}

// Audio in an answer over HTTP allocates nothing.
func TestAnAnswersFramesAllocateNothing(t *testing.T) {
	taken := &sinkhole{header: http.Header{}}
	a := newAnswer(taken, &speech{Client: relay.Client{Key: &access.Key{}}, wire: testWire(), form: bodyAudio, g: &relay.Generation{}})
	m := delivery.NewMessage(websocket.MessageBinary, 9600)
	m.Samples, m.Buf = 4800, append(m.Buf, make([]byte, 9600)...)
	step := func() {
		if err := a.send(t.Context(), m); err != nil {
			t.Fatal(err)
		}
	}
	step() // the header
	before := taken.bytes
	if got := testing.AllocsPerRun(100, step); got > 0 {
		t.Errorf("got %v allocations a frame", got)
	}
	if got := taken.bytes - before; got != 101*9600 {
		t.Errorf("the client got %d bytes, want %d", got, 101*9600)
	}
}
