package cartesia

import (
	"context"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
	"time"

	"voicerelay/upstream"
	"voicerelay/upstream/upstreamtest"
)

// reader is a test in the place of a socket's reader. What the adapter sends comes out of sent.
type reader struct {
	*provider
	mux  *upstream.Mux
	sent chan []byte
	n    int
}

func newReader(tb testing.TB) *reader {
	tb.Helper()
	r := &reader{sent: make(chan []byte, 64)}
	tap := upstreamtest.NewTap(tb, &dialect{address: upstreamtest.URL}, upstream.PoolConfig{StreamsPerSocket: 6, Warm: 1}, func(c *upstreamtest.Conn) {
		c.SendRaw([]byte("{}"))
		for {
			data, ok := c.Next()
			if !ok {
				return
			}
			select {
			case r.sent <- data:
			default: // a test that does not look
			}
		}
	})
	r.provider = &provider{model: "m", Account: upstream.Account{Caps: capabilities(defaults()), Pool: tap.Pool}}
	r.open(tb, &upstreamtest.Loose{TB: tb})
	r.mux = <-tap.Muxes
	return r
}

// open opens a stream on the reader's socket.
func (r *reader) open(tb testing.TB, sink upstream.Sink) *stream {
	tb.Helper()
	req := testRequest
	req.ID = fmt.Sprint("s", r.n)
	r.n++
	opened, err := r.Open(context.Background(), req, sink)
	if err != nil {
		tb.Fatal(err)
	}
	return opened.(*stream)
}

// busy opens a stream with two pieces ordered, of which the vendor has the first.
func (r *reader) busy(tb testing.TB, sink upstream.Sink) *stream {
	s := r.open(tb, sink)
	s.pieces = []upstream.Piece{{ID: 0, Text: "x"}, {ID: 1, Text: "y"}}
	s.last = true
	return s
}

// frame gives the socket a frame, in which ID stands for the stream's first piece, and NEXT for its second.
func (r *reader) frame(s *stream, data string) *upstream.Error {
	data = strings.ReplaceAll(data, "ID", contextID(s.id, 0))
	return (&dialect{}).Frame(r.mux, false, []byte(strings.ReplaceAll(data, "NEXT", contextID(s.id, 1))))
}

// FuzzFrame gives the reader frames of any bytes, three in a row, in the middle of a stream.
func FuzzFrame(f *testing.F) {
	f.Add(`{"type":"chunk","context_id":"ID","data":"AAAA"}`,
		`{"type":"timestamps","context_id":"ID","word_timestamps":{"words":["a","b"],"start":[1e300,-5],"end":[0]}}`,
		`{"type":"done","context_id":"ID"}`)
	f.Add(`{"type":"chunk","context_id":"NEXT","data":"AA=="}`, `{"type":"done","context_id":"NEXT"}`, `{"type":"done","context_id":"ID"}`)
	f.Add(`{"type":"chunk","context_id":"ID","data":"\u0041"}`, `{"type":"chunk","context_id":"ID","data":null}`, `{"type":"chunk","context_id":3}`)
	f.Add(`{"type":"error","context_id":"ID","status_code":429}`, `{"context_id":"s0.99999999999999999999"}`, `[`)
	r := newReader(f)
	f.Fuzz(func(t *testing.T, first, second, third string) {
		sink := &upstreamtest.Loose{TB: t}
		s := r.busy(t, sink)
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
	const word = `"word_timestamps":{"words":["a"],"start":[0],"end":[1]}`
	for name, c := range map[string]struct {
		frame  string
		kind   upstream.Kind // of the socket's end
		frames int
		words  int
	}{
		"a chunk":                 {`{"type":"chunk","context_id":"ID","data":"AAAA","done":false,"step_time":1.5}`, "", 1, 0},
		"members in another way":  {` {"data":"AAAA", "flush_id":1, "context_id":"ID","type":"chunk"}`, "", 1, 0},
		"an escape":               {`{"type":"chunk","context_id":"ID","data":"AA\/A"}`, "", 1, 0},
		"a nested member":         {`{"type":"chunk","context_id":"ID","data":"AAAA","extra":{"a":[1]}}`, "", 1, 0},
		"a piece not begun":       {`{"type":"chunk","context_id":"NEXT","data":"AAAA"}`, "", 0, 0},
		"another stream":          {`{"type":"chunk","context_id":"other.0","data":"AAAA"}`, "", 0, 0},
		"another's id":            {`{"type":"chunk","context_id":"other","data":"AAAA"}`, "", 0, 0},
		"another's error":         {`{"type":"error","context_id":"other","status_code":401}`, "", 0, 0},
		"words":                   {`{"type":"timestamps","context_id":"ID",` + word + `}`, "", 0, 1},
		"words of another piece":  {`{"type":"timestamps","context_id":"NEXT",` + word + `}`, "", 0, 0},
		"no words":                {`{"type":"timestamps","context_id":"ID"}`, "", 0, 0},
		"a tag":                   {`{"type":"timestamps","context_id":"ID","word_timestamps":{"words":["<break/>"," "],"start":[0,1],"end":[1,2]}}`, "", 0, 0},
		"phonemes":                {`{"type":"phoneme_timestamps","context_id":"ID","phoneme_timestamps":{}}`, "", 0, 0},
		"an unknown frame":        {`{"type":"brand_new","context_id":"ID","x":{"y":1}}`, "", 0, 0},
		"one of no context":       {`{"type":"brand_new"}`, "", 0, 0},
		"audio that is no string": {`{"type":"chunk","context_id":"ID","data":1}`, upstream.Garbled, 0, 0},
		"a chunk without audio":   {`{"type":"chunk","context_id":"ID"}`, upstream.Garbled, 0, 0},
		"audio of no context":     {`{"type":"chunk","data":"AAAA"}`, upstream.Garbled, 0, 0},
		"an end of no context":    {`{"type":"done"}`, upstream.Garbled, 0, 0},
		"an id that is no string": {`{"type":"done","context_id":1}`, upstream.Garbled, 0, 0},
		"an error of the socket":  {`{"type":"error","status_code":401}`, upstream.AuthFailed, 0, 0},
		"an error without a word": {`{"type":"error","error":"secret"}`, upstream.UpstreamError, 0, 0},
		"white space":             {` `, upstream.Garbled, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			sink := &upstreamtest.Loose{TB: t}
			s := r.busy(t, sink)
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

// A stream has one context at a time: the next piece goes out with the done of the one before, whose odd byte is made a
// whole sample, and word times go on from there.
func TestPiecesTakeTurns(t *testing.T) {
	r := newReader(t)
	sink := &upstreamtest.Loose{TB: t}
	s := r.open(t, sink)
	for i, text := range []string{"One.", "Two.", ""} {
		if err := s.Speak(t.Context(), upstream.Piece{ID: i, Text: text, Last: text == ""}); err != nil {
			t.Fatal(err)
		}
	}
	want := func(transcript string) {
		t.Helper()
		if got := string(<-r.sent); !strings.Contains(got, fmt.Sprintf("%q", transcript)) {
			t.Errorf("sent %s, want %q", got, transcript)
		}
	}
	want("One.")
	select {
	case early := <-r.sent:
		t.Errorf("sent before its turn: %s", early)
	default:
	}
	second := base64.StdEncoding.EncodeToString(make([]byte, 47999)) // a second but for a byte
	for _, data := range []string{
		`{"type":"chunk","context_id":"ID","data":"` + second + `"}`,
		`{"type":"done","context_id":"ID","done":true}`,
	} {
		if err := r.frame(s, data); err != nil {
			t.Fatal(err)
		}
	}
	want("Two.")
	for _, data := range []string{
		`{"type":"timestamps","context_id":"NEXT","word_timestamps":{"words":["Two"],"start":[0.25],"end":[0.5]}}`,
		`{"type":"done","context_id":"NEXT","done":true}`,
	} {
		if err := r.frame(s, data); err != nil {
			t.Fatal(err)
		}
	}
	if w := sink.Told; len(w) != 1 || w[0].Start != 1250*time.Millisecond || w[0].End != 1500*time.Millisecond || w[0].Piece != 1 {
		t.Errorf("words: got %+v, want one from 1.25 s to 1.5 s of piece 1", w)
	}
	if fmt.Sprint(sink.Pieces) != "[0 1 2]" || sink.Ends != 1 || sink.Err != nil {
		t.Errorf("got pieces %v, %d ends, %v", sink.Pieces, sink.Ends, sink.Err)
	}
	if err := s.Close(t.Context(), nil); err != nil {
		t.Error(err)
	}
}

// audioFrame is a usual frame: 200 ms.
func audioFrame(id string) []byte {
	return fmt.Appendf(nil, `{"type":"chunk","data":%q,"done":false,"status_code":206,"step_time":12.5,"context_id":%q}`,
		base64.StdEncoding.EncodeToString(make([]byte, 9600)), id)
}

func TestChunksAllocateNothing(t *testing.T) {
	r := newReader(t)
	sink := &upstreamtest.Loose{TB: t}
	s := r.busy(t, sink)
	frame, d := audioFrame(contextID(s.id, 0)), &dialect{}
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
	s := r.busy(b, &upstreamtest.Loose{TB: b})
	frame, d := audioFrame(contextID(s.id, 0)), &dialect{}
	upstreamtest.BenchFrame(b, frame, func() *upstream.Error { return d.Frame(r.mux, false, frame) })
}

// A stream that breaks off says how many pieces the vendor has not heard of, since it charges nothing for those.
func TestWhatIsWithheldIsTold(t *testing.T) {
	r := newReader(t)
	const pieces = 4
	for done := range pieces {
		sink := &upstreamtest.Loose{TB: t}
		s := r.open(t, sink)
		for i := range pieces {
			if _, err := s.order(upstream.Piece{ID: i, Text: "x"}); err != nil {
				t.Fatal(err)
			}
		}
		for i := range done {
			s.done(i)
		}
		s.Lost(&upstream.Error{Kind: upstream.Dropped})
		s.seat.Leave(true)
		if got, want := sink.Kept, pieces-done-1; got != want {
			t.Errorf("%d of %d done: got %d kept back, want %d", done, pieces, got, want)
		}
		if got, want := sink.Used.Withheld, pieces-done-1; got != want {
			t.Errorf("%d pieces done of %d: got %d withheld, want %d", done, pieces, got, want)
		}
	}
}

// One that has spoken all of them withholds none, nor does one that was given none.
func TestNothingIsWithheldOfAWholeStream(t *testing.T) {
	r := newReader(t)
	for _, pieces := range [][]upstream.Piece{nil, {{ID: 0, Text: "x"}}} {
		sink := &upstreamtest.Loose{TB: t}
		s := r.open(t, sink)
		s.pieces, s.last = pieces, true
		s.done(0)
		s.Lost(&upstream.Error{Kind: upstream.Dropped})
		s.seat.Leave(true)
		if sink.Ends != 1 || sink.Used.Withheld != 0 {
			t.Errorf("%d pieces: got %d ends and %d withheld, want one and none", len(pieces), sink.Ends, sink.Used.Withheld)
		}
	}
}
