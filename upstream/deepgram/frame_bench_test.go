package deepgram

import (
	"testing"

	"voicerelay/upstream"
	"voicerelay/upstream/upstreamtest"
	"voicerelay/upstream/vendorsocket"
)

// reading is a stream in the middle of its speech, and the Mux of its socket.
func reading(tb testing.TB, req upstream.Request, sink upstream.Sink) (*stream, *vendorsocket.Mux) {
	tb.Helper()
	tap := upstreamtest.NewTap(tb, &dialect{base: upstreamtest.URL}, vendorsocket.PoolConfig{StreamsPerSocket: 1, SingleUse: true, AddressByKey: true}, upstreamtest.SaysOne)
	opened, err := (&provider{Account: vendorsocket.Account{Pool: tap.Pool}}).Open(tb.Context(), req, sink)
	if err != nil {
		tb.Fatal(err)
	}
	if err := opened.Speak(tb.Context(), upstream.Piece{Text: "Hello."}); err != nil {
		tb.Fatal(err)
	}
	return opened.(*stream), <-tap.Muxes
}

// audioFrame is 200 ms, in a binary frame.
var audioFrame = make([]byte, 9600)

func TestAudioAllocatesNothing(t *testing.T) {
	sink := &upstreamtest.Quiet{}
	s, mux := reading(t, testRequest, sink)
	upstreamtest.CheckFrameAllocs(t, sink, func() *upstream.Error { return (&dialect{}).Frame(mux, true, audioFrame) })
	s.Lost(&upstream.Error{Kind: upstream.Dropped})
}

func BenchmarkFrame(b *testing.B) {
	s, mux := reading(b, testRequest, &upstreamtest.Quiet{})
	d := &dialect{}
	upstreamtest.BenchFrame(b, audioFrame, func() *upstream.Error { return d.Frame(mux, true, audioFrame) })
	s.Lost(&upstream.Error{Kind: upstream.Dropped})
}
