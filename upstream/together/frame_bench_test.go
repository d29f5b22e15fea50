package together

import (
	"fmt"
	"testing"

	"voicerelay/upstream"
	"voicerelay/upstream/upstreamtest"
)

// wordFrame has the times of four words of the item that audioFrame is of.
func wordFrame(id string) []byte {
	return fmt.Appendf(nil, `{"type":"conversation.item.word_timestamps","item_id":"tts_1","context_id":%q,`+
		`"words":["The","quick","brown","fox"],"start_seconds":[0.02,0.21,0.48,0.81],"end_seconds":[0.2,0.47,0.8,1.13]}`, id)
}

// Word times come a frame a few words, and are decoded.
func TestWordFramesAllocateLittle(t *testing.T) {
	sink := &upstreamtest.Quiet{}
	r := newReader(t, sink)
	if err := (&dialect{}).Frame(r.mux, false, audioFrame(r.first.id)); err != nil {
		t.Fatal(err)
	}
	frame := wordFrame(r.first.id)
	upstreamtest.CheckAllocs(t, 27, func() {
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
	r := newReader(b, sink)
	if err := (&dialect{}).Frame(r.mux, false, audioFrame(r.first.id)); err != nil {
		b.Fatal(err)
	}
	frame := wordFrame(r.first.id)
	upstreamtest.BenchFrame(b, frame, func() *upstream.Error { return (&dialect{}).Frame(r.mux, false, frame) })
}
