package elevenlabs

import (
	"encoding/base64"
	"fmt"
	"testing"

	"voicerelay/upstream"
	"voicerelay/upstream/upstreamtest"
	"voicerelay/upstream/vendorsocket"
)

// timedFrame is 200 ms of audio with the times of its characters.
func timedFrame(id string) []byte {
	const times = `{"chars":["T","h","e"," "],"charStartTimesMs":[0,46,93,150],"charDurationsMs":[46,47,57,50]}`
	return fmt.Appendf(nil, `{"audio":%q,"isFinal":null,"normalizedAlignment":%s,"alignment":%s,"contextId":%q}`,
		base64.StdEncoding.EncodeToString(make([]byte, 9600)), times, times, id)
}

// Where a voice times its characters, they come with their audio, in the same frame.
func TestTimedFramesAllocateLittle(t *testing.T) {
	sink := &upstreamtest.Quiet{}
	r := newReader(t)
	s := r.open(t, sink)
	frame := timedFrame(vendorsocket.JoinID(s.id, 0))
	upstreamtest.CheckAllocs(t, 26, func() {
		if err := r.dialect.Frame(r.mux, false, frame); err != nil {
			t.Fatal(err)
		}
	})
	if sink.Timed == 0 || sink.Ends != 0 {
		t.Errorf("the sink had %+v", sink)
	}
	s.leave()
}

func BenchmarkTimedFrame(b *testing.B) {
	sink := &upstreamtest.Quiet{}
	r := newReader(b)
	s := r.open(b, sink)
	frame := timedFrame(vendorsocket.JoinID(s.id, 0))
	upstreamtest.BenchFrame(b, frame, func() *upstream.Error { return r.dialect.Frame(r.mux, false, frame) })
	s.leave()
}
