package body

import (
	"net/http"
	"testing"
	"time"

	"github.com/coder/websocket"

	"voicerelay/access"
	"voicerelay/relay"
	"voicerelay/relay/delivery"
)

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
	a := newAnswer(taken, &speech{Client: relay.Client{Key: &access.Key{}}, text: Text{Form: Bare{}}, g: &relay.Generation{}})
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
