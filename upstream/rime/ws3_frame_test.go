package rime

import (
	"encoding/base64"
	"fmt"
	"testing"
	"time"

	"voicerelay/upstream"
	"voicerelay/upstream/upstreamtest"
	"voicerelay/upstream/vendorsocket"
)

// soloReader is a test in the place of the reader of a socket of ws3.
type soloReader struct {
	*provider
	mux *vendorsocket.Mux
	n   int
}

func newSoloReader(tb testing.TB) *soloReader {
	tb.Helper()
	cfg := vendorsocket.PoolConfig{StreamsPerSocket: 1, SharedOnceProven: true, AddressByKey: true, Warm: 1}
	tap := upstreamtest.NewTap(tb, &ws3{base: upstreamtest.URL}, cfg, upstreamtest.SaysOne)
	options := by(protocolWS3)
	r := &soloReader{provider: &provider{cfg: options, Account: vendorsocket.Account{Caps: capabilities(options), Pool: tap.Pool}}}
	s := r.open(tb, &upstreamtest.Loose{TB: tb})
	r.mux = <-tap.Muxes
	s.Lost(&upstream.Error{Kind: upstream.Dropped}) // its place is the next one's
	return r
}

// open opens a stream on the reader's socket.
func (r *soloReader) open(tb testing.TB, sink upstream.Sink) *solo {
	tb.Helper()
	req := testRequest
	req.ID = fmt.Sprint("s", r.n)
	r.n++
	opened, err := r.Open(tb.Context(), req, sink)
	if err != nil {
		tb.Fatal(err)
	}
	return opened.(*solo)
}

// busy opens a stream with two pieces ordered, the last of which is the stream's.
func (r *soloReader) busy(tb testing.TB, sink upstream.Sink) *solo {
	tb.Helper()
	s := r.open(tb, sink)
	for i, text := range []string{"x", "y"} {
		if err := s.order(upstream.Piece{ID: i, Text: text, Last: i == 1}); err != nil {
			tb.Fatal(err)
		}
	}
	return s
}

func (r *soloReader) frame(data string) *upstream.Error {
	return (&ws3{}).Frame(r.mux, false, []byte(data))
}

// finish has the stream spoken, so that its socket may have another.
func (r *soloReader) finish(s *solo) {
	s.done()
	s.done()
	s.Lost(&upstream.Error{Kind: upstream.Dropped})
}

// reading is a busy stream, for tests of frames.
func (r *soloReader) reading(t *testing.T, sink *upstreamtest.Loose) upstreamtest.Reading {
	s := r.busy(t, sink)
	if r.mux.Only() != vendorsocket.Member(s) {
		t.Fatal("the stream is on another socket")
	}
	return upstreamtest.Reading{Frame: r.frame, Lose: func() { r.finish(s) }}
}

// FuzzWS3 gives the reader frames of any bytes, three in a row, in the middle of a stream.
func FuzzWS3(f *testing.F) {
	f.Add(`{"type":"chunk","data":"AAAA","contextId":"s1"}`,
		`{"type":"timestamps","word_timestamps":{"words":["a","b"],"start":[1e300,-5],"end":[0]}}`, `{"type":"done","contextId":"s1"}`)
	f.Add(`{"type":"chunk","data":"\u0041"}`, `{"type":"chunk","data":null}`, `{"type":"chunk","contextId":3}`)
	f.Add(`{"type":"done"}`, `{"type":"error","message":"x"}`, `[`)
	r := newSoloReader(f)
	upstreamtest.FuzzFrames(f, r.reading)
}

func TestFramesOfWS3(t *testing.T) {
	r := newSoloReader(t)
	const word = `"word_timestamps":{"words":["a"],"start":[0],"end":[1]}`
	upstreamtest.CheckFrames(t, map[string]upstreamtest.FrameCase{
		"a chunk":                 {Frame: `{"type":"chunk","data":"AAAA","contextId":"anything"}`, Frames: 1},
		"a chunk without a tag":   {Frame: `{"type":"chunk","data":"AAAA","contextId":null}`, Frames: 1},
		"an escape":               {Frame: `{"type":"chunk","data":"AA\/A"}`, Frames: 1},
		"a nested member":         {Frame: `{"type":"chunk","data":"AAAA","extra":{"a":[1]}}`, Frames: 1},
		"nothing":                 {Frame: `{"type":"chunk","data":""}`},
		"a chunk without audio":   {Frame: `{"type":"chunk","contextId":"a"}`, Kind: upstream.Garbled},
		"audio that is a number":  {Frame: `{"type":"chunk","data":1}`, Kind: upstream.Garbled},
		"words":                   {Frame: `{"type":"timestamps",` + word + `}`, Words: 1},
		"words of another stream": {Frame: `{"type":"timestamps","contextId":"other",` + word + `}`},
		"no words":                {Frame: `{"type":"timestamps"}`},
		"words without sense":     {Frame: `{"type":"timestamps","word_timestamps":{"words":["a","","c"],"start":[-1,0],"end":[1,1]}}`},
		"an end":                  {Frame: `{"type":"done","contextId":"a"}`, Pieces: 1},
		"an unknown frame":        {Frame: `{"type":"brand_new","x":{"y":1}}`},
		"an error":                {Frame: `{"type":"error","message":"secret"}`, Kind: upstream.UpstreamError},
		"white space":             {Frame: ` `, Kind: upstream.Garbled},
	}, r.reading)
	if err := (&ws3{}).Frame(r.mux, true, []byte("{}")); err == nil || err.Kind != upstream.Garbled {
		t.Errorf("a binary frame: got %v, want garbled", err)
	}
}

// Each piece is a text and a flush; words count from their piece's first sample, and a socket carries one stream after another
// as long as each is spoken to its end.
func TestPiecesByWS3(t *testing.T) {
	recording(by(protocolWS3)).Run(t, func(r *recorder) {
		l := r.Open(testRequest)
		l.MustOrder(true, "One.", "Two.")
		text := func(text string) string { return fmt.Sprintf(`{"text":%q,"contextId":"gen-1"}`, text) }
		r.Want(text("One."), `{"operation":"flush"}`, text("Two."), `{"operation":"flush"}`)
		conn := r.Conn()
		odd := base64.StdEncoding.EncodeToString(make([]byte, 47999)) // a second but for a byte
		for _, frame := range []string{
			`{"type":"chunk","contextId":"gen-1","data":"` + odd + `"}`, `{"type":"done","contextId":"gen-1"}`,
			`{"type":"timestamps","contextId":"gen-1","word_timestamps":{"words":["Two"],"start":[0.25],"end":[0.5]}}`,
			`{"type":"chunk","contextId":"gen-1","data":"AAAA"}`, `{"type":"done","contextId":"gen-1"}`,
		} {
			conn.SendRaw([]byte(frame))
		}
		h := l.Finish()
		if h.Err != nil || fmt.Sprint(h.Pieces, h.PieceBytes) != "[0 1] [48000 48004]" || h.Usage.RequestID != "gen-1" {
			t.Errorf("got pieces %v at %v, %+v, %v", h.Pieces, h.PieceBytes, h.Usage, h.Err)
		}
		if w := h.Words; len(w) != 1 || w[0].Piece != 1 || w[0].Start != 1250*time.Millisecond || w[0].End != 1500*time.Millisecond {
			t.Errorf("words: got %+v, want one from 1.25 to 1.5 s of piece 1", w)
		}
		next := r.Open(testRequest)
		next.MustOrder(false, "Three.")
		r.WantSockets(1, 1)
		next.Stop(errStop)
		next.WantStopped(errStop)
		r.WantSockets(1, 0) // which is how the vendor is stopped
		r.Want(text("Three."), `{"operation":"flush"}`)
		r.Open(testRequest).Stop(errStop)
		r.WantSockets(2, 1)
	})
}

// chunkFrame is a usual frame: 200 ms.
func chunkFrame() []byte {
	return fmt.Appendf(nil, `{"type":"chunk","data":%q,"contextId":"gen-1"}`, base64.StdEncoding.EncodeToString(make([]byte, 9600)))
}

func TestChunksOfWS3AllocateNothing(t *testing.T) {
	r := newSoloReader(t)
	sink := &upstreamtest.Quiet{}
	s := r.busy(t, sink)
	frame := chunkFrame()
	upstreamtest.CheckFrameAllocs(t, sink, func() *upstream.Error { return (&ws3{}).Frame(r.mux, false, frame) })
	r.finish(s)
}

func BenchmarkFrameWS3(b *testing.B) {
	r := newSoloReader(b)
	s := r.busy(b, &upstreamtest.Quiet{})
	frame, d := chunkFrame(), &ws3{}
	upstreamtest.BenchFrame(b, frame, func() *upstream.Error { return d.Frame(r.mux, false, frame) })
	r.finish(s)
}
