package cartesia

import (
	"fmt"
	"testing"

	"voicerelay/upstream"
	"voicerelay/upstream/upstreamtest"
	"voicerelay/upstream/vendorsocket"
)

// wordFrame has the times of four words.
func wordFrame(id string) []byte {
	return fmt.Appendf(nil, `{"type":"timestamps","context_id":%q,"status_code":206,"done":false,"word_timestamps":`+
		`{"words":["The","quick","brown","fox"],"start":[0.02,0.21,0.48,0.81],"end":[0.2,0.47,0.8,1.13]}}`, id)
}

// Word times come a frame a few words, and are decoded.
func TestWordFramesAllocateLittle(t *testing.T) {
	sink := &upstreamtest.Quiet{}
	r := newReader(t)
	s := r.busy(t, sink)
	frame := wordFrame(vendorsocket.JoinID(s.id, 1))
	upstreamtest.CheckAllocs(t, 25, func() {
		if err := (&dialect{}).Frame(r.mux, false, frame); err != nil {
			t.Fatal(err)
		}
	})
	if sink.Timed == 0 || sink.Ends != 0 {
		t.Errorf("the sink had %+v", sink)
	}
	s.seat.Leave(true) // Close would tell a vendor that is not there
}

func BenchmarkWordFrame(b *testing.B) {
	sink := &upstreamtest.Quiet{}
	r := newReader(b)
	s := r.busy(b, sink)
	frame := wordFrame(vendorsocket.JoinID(s.id, 1))
	upstreamtest.BenchFrame(b, frame, func() *upstream.Error { return (&dialect{}).Frame(r.mux, false, frame) })
	s.seat.Leave(true) // Close would tell a vendor that is not there
}
