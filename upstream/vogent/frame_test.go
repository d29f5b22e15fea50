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
	f.Fuzz(func(t *testing.T, first, second, third string) {
		sink := &upstreamtest.Loose{TB: t}
		s := r.open(t, sink)
		for _, data := range []string{first, second, third} {
			if err := r.frame(s, data); err != nil {
				upstreamtest.CheckError(t, err, nil)
			}
		}
		s.Lost(&upstream.Error{Kind: upstream.Dropped})
		if sink.Ends != 1 {
			t.Errorf("got %d ends, want 1", sink.Ends)
		}
		s.seat.Leave(true) // Close would tell a vendor that is not there
	})
}

func TestFramesThatTheScannerLeaves(t *testing.T) {
	r := newReader(t)
	for name, c := range map[string]struct {
		frame  string
		kind   upstream.Kind // of the socket's end
		frames int
		words  int
	}{
		"a chunk":                 {`{"type":"chunk","generationId":"ID","audio":"AAAA"}`, "", 1, 0},
		"members in another way":  {` {"audio":"AAAA", "n":1, "generationId":"ID","type":"chunk"}`, "", 1, 0},
		"an escape":               {`{"type":"chunk","generationId":"ID","audio":"AA\/A"}`, "", 1, 0},
		"a nested member":         {`{"type":"chunk","generationId":"ID","audio":"AAAA","extra":{"a":[1]}}`, "", 1, 0},
		"a piece ahead":           {`{"type":"chunk","generationId":"NEXT","audio":"AAAA"}`, "", 0, 0},
		"a piece never ordered":   {`{"type":"chunk","generationId":"s0.1.7","audio":"AAAA"}`, "", 0, 0},
		"another stream":          {`{"type":"chunk","generationId":"other.1.0","audio":"AAAA"}`, "", 0, 0},
		"another's id":            {`{"type":"chunk","generationId":"other","audio":"AAAA"}`, "", 0, 0},
		"another's error":         {`{"type":"error","generationId":"other","error":"x"}`, "", 0, 0},
		"half an id":              {`{"type":"chunk","generationId":"a.0","audio":"AAAA"}`, "", 0, 0},
		"words of any type":       {`{"type":"anything","generationId":"ID","n":[["a",0,1]]}`, "", 0, 1},
		"words of no type":        {`{"generationId":"ID","n":[["a",0,1]]}`, "", 0, 1},
		"an unknown frame":        {`{"type":"brand_new","generationId":"ID","x":{"y":1}}`, "", 0, 0},
		"one of no generation":    {`{"type":"brand_new"}`, "", 0, 0},
		"a greeting":              {`{"hello":"secret vendor text"}`, "", 0, 0},
		"audio that is no string": {`{"type":"chunk","generationId":"ID","audio":1}`, upstream.Garbled, 0, 0},
		"a chunk without audio":   {`{"type":"chunk","generationId":"ID"}`, upstream.Garbled, 0, 0},
		"a chunk of null":         {`{"type":"chunk","generationId":"ID","audio":null}`, upstream.Garbled, 0, 0},
		"audio of no generation":  {`{"type":"chunk","audio":"AAAA"}`, upstream.Garbled, 0, 0},
		"an end of no generation": {`{"type":"finished"}`, upstream.Garbled, 0, 0},
		"an id that is no string": {`{"type":"finished","generationId":1}`, upstream.Garbled, 0, 0},
		"an error of the socket":  {`{"type":"error","generationId":"","error":"Unauthorized"}`, upstream.AuthFailed, 0, 0},
		"an error without a word": {`{"type":"error"}`, upstream.UpstreamError, 0, 0},
		"white space":             {` `, upstream.Garbled, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			sink := &upstreamtest.Loose{TB: t}
			s := r.open(t, sink)
			err := r.frame(s, c.frame)
			if (err == nil) != (c.kind == "") || err != nil && err.Kind != c.kind {
				t.Errorf("got %v, want %q", err, c.kind)
			}
			if sink.Frames != c.frames || len(sink.Told) != c.words {
				t.Errorf("got %d frames and %d words, want %d and %d", sink.Frames, len(sink.Told), c.frames, c.words)
			}
			s.Lost(&upstream.Error{Kind: upstream.Dropped})
			s.seat.Leave(true)
		})
	}
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
			s.line.held = maxHeld - 1<<20
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
	sink := &upstreamtest.Loose{TB: t}
	s := r.open(t, sink)
	frame, d := audioFrame(generationID(s.id, 1, 0)), &dialect{}
	allocs := testing.AllocsPerRun(100, func() {
		if err := d.Frame(r.mux, false, frame); err != nil {
			t.Fatal(err)
		}
	})
	if allocs != 0 {
		t.Errorf("got %v allocations a frame, want 0", allocs)
	}
	if sink.Frames == 0 {
		t.Error("no frame reached the sink")
	}
}

func BenchmarkFrame(b *testing.B) {
	r := newReader(b)
	s := r.open(b, &upstreamtest.Loose{TB: b})
	frame, d := audioFrame(generationID(s.id, 1, 0)), &dialect{}
	upstreamtest.BenchFrame(b, frame, func() *upstream.Error { return d.Frame(r.mux, false, frame) })
}
