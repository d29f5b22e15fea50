package deepgram

import (
	"testing"

	"github.com/rs/zerolog"

	"voicerelay/upstream"
	"voicerelay/upstream/upstreamtest"
)

// tap gives a socket's Mux away, so that a test can be its reader.
type tap struct {
	*dialect
	muxes chan *upstream.Mux
}

func (d tap) Frame(m *upstream.Mux, _ bool, _ []byte) *upstream.Error {
	d.muxes <- m
	return nil
}

// reading is a stream in the middle of its speech, and the Mux of its socket.
func reading(tb testing.TB, sink upstream.Sink) (*stream, *upstream.Mux) {
	tb.Helper()
	vendor := upstreamtest.NewVendor(func(c *upstreamtest.Conn) {
		c.SendRaw([]byte("{}"))
		<-c.Over()
	})
	d := tap{dialect: &dialect{base: upstreamtest.URL}, muxes: make(chan *upstream.Mux, 1)}
	pool := upstream.NewPool(d, upstream.PoolConfig{
		Socket:           upstream.SocketConfig{HTTP: vendor.Client()},
		StreamsPerSocket: 1, SingleUse: true, AddressByKey: true, Log: zerolog.Nop(),
	})
	tb.Cleanup(func() {
		pool.Close()
		vendor.Close()
	})
	opened, err := (&provider{Account: upstream.Account{Pool: pool}}).Open(tb.Context(), testRequest, sink)
	if err != nil {
		tb.Fatal(err)
	}
	if err := opened.Speak(tb.Context(), upstream.Piece{Text: "Hello."}); err != nil {
		tb.Fatal(err)
	}
	return opened.(*stream), <-d.muxes
}

// audioFrame is 200 ms, in a binary frame.
var audioFrame = make([]byte, 9600)

func TestAudioAllocatesNothing(t *testing.T) {
	sink := &upstreamtest.Quiet{}
	s, mux := reading(t, sink)
	d := &dialect{}
	upstreamtest.CheckAllocs(t, 0, func() {
		if err := d.Frame(mux, true, audioFrame); err != nil {
			t.Fatal(err)
		}
	})
	if sink.Frames == 0 || sink.Ends != 0 {
		t.Errorf("the sink had %+v", sink)
	}
	s.Lost(&upstream.Error{Kind: upstream.Dropped})
}

func BenchmarkFrame(b *testing.B) {
	s, mux := reading(b, &upstreamtest.Quiet{})
	d := &dialect{}
	b.SetBytes(int64(len(audioFrame)))
	b.ReportAllocs()
	for b.Loop() {
		if err := d.Frame(mux, true, audioFrame); err != nil {
			b.Fatal(err)
		}
	}
	s.Lost(&upstream.Error{Kind: upstream.Dropped})
}
