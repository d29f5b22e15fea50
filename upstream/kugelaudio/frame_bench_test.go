package kugelaudio

import (
	"fmt"
	"testing"

	"voicerelay/upstream"
	"voicerelay/upstream/upstreamtest"
)

// wordFrame has the times of a sentence's eight words.
func wordFrame(id string) []byte {
	frame := fmt.Appendf(nil, `{"context_id":%q,"chunk_id":1,"word_timestamps":[`, id)
	for i := range 8 {
		frame = fmt.Appendf(frame, `{"word":"word%d","start_ms":%d,"end_ms":%d,"score":0.95},`, i, 300*i, 300*i+250)
	}
	return append(frame[:len(frame)-1], `]}`...)
}

// Word times come a frame a sentence, and are decoded.
func TestWordFramesAllocateLittle(t *testing.T) {
	sink := &upstreamtest.Quiet{}
	r := newReader(t)
	s := r.open(t, sink)
	frame := wordFrame(s.id)
	upstreamtest.CheckAllocs(t, 32, func() {
		if err := (&dialect{}).Frame(r.mux, false, frame); err != nil {
			t.Fatal(err)
		}
	})
	if sink.Timed == 0 || sink.Ends != 0 {
		t.Errorf("the sink had %+v", sink)
	}
	s.Lost(&upstream.Error{Kind: upstream.Dropped})
}

func BenchmarkWordFrame(b *testing.B) {
	sink := &upstreamtest.Quiet{}
	r := newReader(b)
	s := r.open(b, sink)
	frame := wordFrame(s.id)
	upstreamtest.BenchFrame(b, frame, func() *upstream.Error { return (&dialect{}).Frame(r.mux, false, frame) })
	s.Lost(&upstream.Error{Kind: upstream.Dropped})
}
