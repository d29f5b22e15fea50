package vogent

import (
	"context"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	"voicerelay/upstream"
	"voicerelay/upstream/upstreamtest"
	"voicerelay/upstream/vendorsocket"
)

// reader is a test in the place of a socket's reader.
type reader struct {
	*provider
	mux *vendorsocket.Mux
	n   int
}

func newReader(tb testing.TB) *reader {
	tb.Helper()
	tap := upstreamtest.NewTap(tb, &dialect{address: upstreamtest.URL}, vendorsocket.PoolConfig{StreamsPerSocket: 6, Warm: 1}, upstreamtest.SaysOne)
	r := &reader{provider: &provider{Account: vendorsocket.Account{Caps: capabilities(defaults()), Pool: tap.Pool}}}
	r.open(tb, &upstreamtest.Loose{TB: tb})
	r.mux = <-tap.Muxes
	return r
}

// open opens a stream on the reader's socket, with two pieces ordered.
func (r *reader) open(tb testing.TB, sink upstream.Sink) *stream {
	tb.Helper()
	req := request
	req.ID = fmt.Sprint("s", r.n)
	r.n++
	opened, err := r.Open(context.Background(), req, sink)
	if err != nil {
		tb.Fatal(err)
	}
	s := opened.(*stream)
	for piece := range 2 {
		if err := s.order(upstream.Piece{ID: piece, Text: "x", Last: piece == 1}); err != nil {
			tb.Fatal(err)
		}
	}
	return s
}

// frame gives the socket a frame, in which ID stands for the stream's first piece, and NEXT for its second.
func (r *reader) frame(s *stream, data string) *upstream.Error {
	data = strings.ReplaceAll(data, "ID", generationID(s.id, 1, 0))
	return (&dialect{}).Frame(r.mux, false, []byte(strings.ReplaceAll(data, "NEXT", generationID(s.id, 1, 1))))
}

// reading is an open stream, for tests of frames.
func (r *reader) reading(t *testing.T, sink *upstreamtest.Loose) upstreamtest.Reading {
	s := r.open(t, sink)
	return upstreamtest.Reading{
		Frame: func(data string) *upstream.Error { return r.frame(s, data) },
		Lose: func() {
			s.Lost(&upstream.Error{Kind: upstream.Dropped})
			s.seat.Leave(true) // Close would tell a vendor that is not there
		},
	}
}

// FuzzFrame gives the reader frames of any bytes, three in a row, in the middle of a stream.
func FuzzFrame(f *testing.F) {
	f.Add(`{"type":"chunk","generationId":"ID","audio":"AAAA"}`,
		`{"type":"timestamp","generationId":"ID","timestamps":[{"word":"a","start":1e300,"end":-5}]}`,
		`{"type":"finished","generationId":"ID"}`)
	f.Add(`{"type":"chunk","generationId":"NEXT","audio":"AA=="}`, `{"type":"finished","generationId":"NEXT"}`, `{"type":"finished","generationId":"ID"}`)
	f.Add(`{"type":"chunk","generationId":"ID","audio":"\u0041"}`, `{"type":"chunk","generationId":"ID","audio":null}`, `{"type":"chunk","generationId":3}`)
	f.Add(`{"type":"error","generationId":"NEXT","error":"x"}`, `{"type":"finished","generationId":"ID"}`, `{"type":"error"}`)
	f.Add(`{"type":"times","generationId":"NEXT","w":[["a",0,1],["b",1,2]]}`, `{"generationId":"s0.1.99999999999999999999"}`, `[`)
	f.Add(`{"type":"error","generationId":"ID","error":{"code":401}}`, ``, "\xff")
	r := newReader(f)
	upstreamtest.FuzzFrames(f, r.reading)
}

func TestFramesThatTheScannerLeaves(t *testing.T) {
	r := newReader(t)
	upstreamtest.CheckFrames(t, map[string]upstreamtest.FrameCase{
		"a chunk":                 {Frame: `{"type":"chunk","generationId":"ID","audio":"AAAA"}`, Frames: 1},
		"members in another way":  {Frame: ` {"audio":"AAAA", "n":1, "generationId":"ID","type":"chunk"}`, Frames: 1},
		"an escape":               {Frame: `{"type":"chunk","generationId":"ID","audio":"AA\/A"}`, Frames: 1},
		"a nested member":         {Frame: `{"type":"chunk","generationId":"ID","audio":"AAAA","extra":{"a":[1]}}`, Frames: 1},
		"a piece ahead":           {Frame: `{"type":"chunk","generationId":"NEXT","audio":"AAAA"}`},
		"a piece never ordered":   {Frame: `{"type":"chunk","generationId":"s0.1.7","audio":"AAAA"}`},
		"another stream":          {Frame: `{"type":"chunk","generationId":"other.1.0","audio":"AAAA"}`},
		"another's id":            {Frame: `{"type":"chunk","generationId":"other","audio":"AAAA"}`},
		"another's error":         {Frame: `{"type":"error","generationId":"other","error":"x"}`},
		"half an id":              {Frame: `{"type":"chunk","generationId":"a.0","audio":"AAAA"}`},
		"words of any type":       {Frame: `{"type":"anything","generationId":"ID","n":[["a",0,1]]}`, Words: 1},
		"words of no type":        {Frame: `{"generationId":"ID","n":[["a",0,1]]}`, Words: 1},
		"an unknown frame":        {Frame: `{"type":"brand_new","generationId":"ID","x":{"y":1}}`},
		"one of no generation":    {Frame: `{"type":"brand_new"}`},
		"a greeting":              {Frame: `{"hello":"secret vendor text"}`},
		"audio that is no string": {Frame: `{"type":"chunk","generationId":"ID","audio":1}`, Kind: upstream.Garbled},
		"a chunk without audio":   {Frame: `{"type":"chunk","generationId":"ID"}`, Kind: upstream.Garbled},
		"a chunk of null":         {Frame: `{"type":"chunk","generationId":"ID","audio":null}`, Kind: upstream.Garbled},
		"audio of no generation":  {Frame: `{"type":"chunk","audio":"AAAA"}`, Kind: upstream.Garbled},
		"an end of no generation": {Frame: `{"type":"finished"}`, Kind: upstream.Garbled},
		"an id that is no string": {Frame: `{"type":"finished","generationId":1}`, Kind: upstream.Garbled},
		"an error of the socket":  {Frame: `{"type":"error","generationId":"","error":"Unauthorized"}`, Kind: upstream.AuthFailed},
		"an error without a word": {Frame: `{"type":"error"}`, Kind: upstream.UpstreamError},
		"white space":             {Frame: ` `, Kind: upstream.Garbled},
	}, r.reading)
	if err := (&dialect{}).Frame(r.mux, true, []byte("{}")); err == nil || err.Kind != upstream.Garbled {
		t.Errorf("a binary frame: got %v, want garbled", err)
	}
}

// TestARunawayPieceEndsItsStream holds more of the second piece than there can be, of whatever it is.
func TestARunawayPieceEndsItsStream(t *testing.T) {
	words := strings.Repeat(`{"word":"x","start":1,"end":2},`, 1<<14) + `{"word":"x","start":1,"end":2}`
	for name, c := range map[string]struct {
		frame string
		least int // frames that fit into the last megabyte
		most  int
	}{
		"audio":       {`{"type":"chunk","generationId":"NEXT","audio":"` + strings.Repeat("AAAA", 1<<18) + `"}`, 0, 1},
		"times":       {`{"type":"word_timestamps","generationId":"NEXT","words":[` + words + `]}`, 0, 1},
		"many chunks": {`{"type":"chunk","generationId":"NEXT","audio":"AAAA"}`, 1 << 13, 1 << 14},
	} {
		t.Run(name, func(t *testing.T) {
			r := newReader(t)
			sink := &upstreamtest.Loose{TB: t}
			s := r.open(t, sink)
			s.line.held.Take(maxHeld - 1<<20)
			held := 0
			for sink.Ends == 0 && held <= c.most {
				if err := r.frame(s, c.frame); err != nil {
					t.Fatal(err)
				}
				held++
			}
			if held--; sink.Ends != 1 || upstream.KindOf(sink.Err) != upstream.Garbled || held < c.least {
				t.Errorf("got %d ends and %v after %d frames, want garbled after %d to %d", sink.Ends, sink.Err, held, c.least, c.most)
			}
		})
	}
}

// audioFrame is a usual frame: 200 ms.
func audioFrame(id string) []byte {
	return fmt.Appendf(nil, `{"type":"chunk","generationId":%q,"audio":%q}`, id, base64.StdEncoding.EncodeToString(make([]byte, 9600)))
}

func TestChunksAllocateNothing(t *testing.T) {
	r := newReader(t)
	sink := &upstreamtest.Quiet{}
	frame := audioFrame(generationID(r.open(t, sink).id, 1, 0))
	upstreamtest.CheckFrameAllocs(t, sink, func() *upstream.Error { return (&dialect{}).Frame(r.mux, false, frame) })
}

func BenchmarkFrame(b *testing.B) {
	r := newReader(b)
	s := r.open(b, &upstreamtest.Loose{TB: b})
	frame, d := audioFrame(generationID(s.id, 1, 0)), &dialect{}
	upstreamtest.BenchFrame(b, frame, func() *upstream.Error { return d.Frame(r.mux, false, frame) })
}
