package vogent

import (
	"fmt"
	"testing"

	"voicerelay/upstream"
	"voicerelay/upstream/upstreamtest"
)

// wordFrame has the times of four words.
func wordFrame(id string) []byte {
	frame := fmt.Appendf(nil, `{"type":"timestamp","generationId":%q,"timestamps":[`, id)
	for i := range 4 {
		frame = fmt.Appendf(frame, `{"word":"word%d","start":%g,"end":%g},`, i, float64(i)*0.3, float64(i)*0.3+0.25)
	}
	return append(frame[:len(frame)-1], `]}`...)
}

// Word times come in a shape that is not documented, and are searched for.
func TestWordFramesAllocateLittle(t *testing.T) {
	sink := &upstreamtest.Quiet{}
	r := newReader(t)
	s := r.open(t, sink)
	frame := wordFrame(generationID(s.id, 1, 0))
	upstreamtest.CheckAllocs(t, 128, func() {
		if err := (&dialect{}).Frame(r.mux, false, frame); err != nil {
			t.Fatal(err)
		}
	})
	if sink.Timed == 0 || sink.Ends != 0 {
		t.Errorf("the sink had %+v", sink)
	}
}

func BenchmarkWordFrame(b *testing.B) {
	sink := &upstreamtest.Quiet{}
	r := newReader(b)
	s := r.open(b, sink)
	frame := wordFrame(generationID(s.id, 1, 0))
	upstreamtest.BenchFrame(b, frame, func() *upstream.Error { return (&dialect{}).Frame(r.mux, false, frame) })
}
