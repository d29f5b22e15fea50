package cartesia

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"voicerelay/upstream"
	"voicerelay/upstream/upstreamtest"
	"voicerelay/upstream/vendorsocket"
)

// reader is a test in the place of a socket's reader. What the adapter sends comes out of sent.
type reader struct {
	*provider
	mux  *vendorsocket.Mux
	sent chan []byte
	n    int
}

func newReader(tb testing.TB) *reader {
	tb.Helper()
	r := &reader{sent: make(chan []byte, 64)}
	tap := upstreamtest.NewTap(tb, &dialect{address: upstreamtest.URL}, vendorsocket.PoolConfig{StreamsPerSocket: 6, Warm: 1}, func(c *upstreamtest.Conn) {
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
	r.provider = &provider{model: "m", Account: vendorsocket.Account{Caps: capabilities(defaults()), Pool: tap.Pool}}
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

// busy opens a stream with two pieces ordered, both in its first context.
func (r *reader) busy(tb testing.TB, sink upstream.Sink) *stream {
	tb.Helper()
	s := r.open(tb, sink)
	r.order(tb, s, "x", "y")
	return s
}

// order orders pieces, the last of which is the stream's, without sending them.
func (r *reader) order(tb testing.TB, s *stream, texts ...string) {
	tb.Helper()
	for i, text := range texts {
		if _, err := s.order(upstream.Piece{ID: i, Text: text, Last: i == len(texts)-1}); err != nil {
			tb.Fatal(err)
		}
	}
}

// frame gives the socket a frame, in which ID stands for the stream's first context, and NEXT for its second.
func (r *reader) frame(s *stream, data string) *upstream.Error {
	data = strings.ReplaceAll(data, "ID", vendorsocket.JoinID(s.id, 1))
	return (&dialect{}).Frame(r.mux, false, []byte(strings.ReplaceAll(data, "NEXT", vendorsocket.JoinID(s.id, 2))))
}

// reading is a busy stream, for tests of frames.
func (r *reader) reading(t *testing.T, sink *upstreamtest.Loose) upstreamtest.Reading {
	s := r.busy(t, sink)
	return upstreamtest.Reading{
		Frame: func(data string) *upstream.Error { return r.frame(s, data) },
		Lose: func() {
			s.Lost(&upstream.Error{Kind: upstream.Dropped})
			s.seat.Leave(true) // Close would tell a vendor that is not there
		},
	}
}

// frames gives the socket frames that it must take.
func (r *reader) frames(tb testing.TB, s *stream, all ...string) {
	tb.Helper()
	for _, data := range all {
		if err := r.frame(s, data); err != nil {
			tb.Fatal(err)
		}
	}
}

// wants checks what has been sent next.
func (r *reader) wants(tb testing.TB, wants ...request) {
	tb.Helper()
	for _, want := range wants {
		var got order
		if err := json.Unmarshal(<-r.sent, &got); err != nil {
			tb.Fatal(err)
		}
		if got.ContextID != want.ContextID || got.Transcript != want.Transcript || got.Continue != want.Continue || got.Flush != want.Flush {
			tb.Errorf("sent %+v, want %+v", got.request, want)
		}
	}
	select {
	case more := <-r.sent:
		tb.Errorf("sent as well: %s", more)
	default:
	}
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
	upstreamtest.FuzzFrames(f, r.reading)
}

func TestFramesThatTheScannerLeaves(t *testing.T) {
	r := newReader(t)
	const word = `"word_timestamps":{"words":["a"],"start":[0],"end":[1]}`
	upstreamtest.CheckFrames(t, map[string]upstreamtest.FrameCase{
		"a chunk":                  {Frame: `{"type":"chunk","context_id":"ID","data":"AAAA","done":false,"step_time":1.5}`, Frames: 1},
		"members in another way":   {Frame: ` {"data":"AAAA", "flush_id":1, "context_id":"ID","type":"chunk"}`, Frames: 1},
		"an escape":                {Frame: `{"type":"chunk","context_id":"ID","data":"AA\/A"}`, Frames: 1},
		"a nested member":          {Frame: `{"type":"chunk","context_id":"ID","data":"AAAA","extra":{"a":[1]}}`, Frames: 1},
		"a context not begun":      {Frame: `{"type":"chunk","context_id":"NEXT","data":"AAAA"}`},
		"a flush that is done":     {Frame: `{"type":"flush_done","context_id":"ID","flush_id":1,"flush_done":true}`, Pieces: 1},
		"a flush of no context":    {Frame: `{"type":"flush_done","flush_id":1,"flush_done":true}`, Kind: upstream.Garbled},
		"another stream":           {Frame: `{"type":"chunk","context_id":"other.0","data":"AAAA"}`},
		"another's id":             {Frame: `{"type":"chunk","context_id":"other","data":"AAAA"}`},
		"another's error":          {Frame: `{"type":"error","context_id":"other","status_code":401}`},
		"words":                    {Frame: `{"type":"timestamps","context_id":"ID",` + word + `}`, Words: 1},
		"words of another context": {Frame: `{"type":"timestamps","context_id":"NEXT",` + word + `}`},
		"no words":                 {Frame: `{"type":"timestamps","context_id":"ID"}`},
		"a tag":                    {Frame: `{"type":"timestamps","context_id":"ID","word_timestamps":{"words":["<break/>"," "],"start":[0,1],"end":[1,2]}}`},
		"phonemes":                 {Frame: `{"type":"phoneme_timestamps","context_id":"ID","phoneme_timestamps":{}}`},
		"an unknown frame":         {Frame: `{"type":"brand_new","context_id":"ID","x":{"y":1}}`},
		"one of no context":        {Frame: `{"type":"brand_new"}`},
		"audio that is no string":  {Frame: `{"type":"chunk","context_id":"ID","data":1}`, Kind: upstream.Garbled},
		"a chunk without audio":    {Frame: `{"type":"chunk","context_id":"ID"}`, Kind: upstream.Garbled},
		"audio of no context":      {Frame: `{"type":"chunk","data":"AAAA"}`, Kind: upstream.Garbled},
		"an end of no context":     {Frame: `{"type":"done"}`, Kind: upstream.Garbled},
		"an id that is no string":  {Frame: `{"type":"done","context_id":1}`, Kind: upstream.Garbled},
		"an error of the socket":   {Frame: `{"type":"error","status_code":401}`, Kind: upstream.AuthFailed},
		"an error without a word":  {Frame: `{"type":"error","error":"secret"}`, Kind: upstream.UpstreamError},
		"white space":              {Frame: ` `, Kind: upstream.Garbled},
	}, r.reading)
	if err := (&dialect{}).Frame(r.mux, true, []byte("{}")); err == nil || err.Kind != upstream.Garbled {
		t.Errorf("a binary frame: got %v, want garbled", err)
	}
}

// Pieces are joined in one context, with a flush after each: its flush_done ends the piece, whose odd byte is made a whole
// sample, and the context's done ends the last.
func TestPiecesAreJoined(t *testing.T) {
	r := newReader(t)
	sink := &upstreamtest.Loose{TB: t}
	s := r.open(t, sink)
	for i, text := range []string{"One.", " Two.", " Three."} {
		if err := s.Speak(t.Context(), upstream.Piece{ID: i, Text: text, Last: i == 2}); err != nil {
			t.Fatal(err)
		}
	}
	id := vendorsocket.JoinID(s.id, 1)
	flush := request{ContextID: id, Continue: true, Flush: true}
	r.wants(t, request{ContextID: id, Transcript: "One.", Continue: true}, flush,
		request{ContextID: id, Transcript: " Two.", Continue: true}, flush, request{ContextID: id, Transcript: " Three."})
	odd := base64.StdEncoding.EncodeToString(make([]byte, 47999)) // a second but for a byte
	r.frames(t, s, `{"type":"chunk","context_id":"ID","data":"`+odd+`"}`, `{"type":"flush_done","context_id":"ID","flush_id":1}`,
		`{"type":"timestamps","context_id":"ID","word_timestamps":{"words":["Two"],"start":[1.25],"end":[1.5]}}`,
		`{"type":"flush_done","context_id":"ID","flush_id":2}`)
	if w := sink.Told; len(w) != 1 || w[0].Start != 1250*time.Millisecond || w[0].End != 1500*time.Millisecond || w[0].Piece != 1 {
		t.Errorf("words: got %+v, want one from 1.25 s to 1.5 s of piece 1", w)
	}
	if fmt.Sprint(sink.Pieces) != "[0 1]" || sink.Ends != 0 || sink.Bytes < 48000 {
		t.Errorf("got pieces %v, %d ends, %d bytes", sink.Pieces, sink.Ends, sink.Bytes)
	}
	r.frames(t, s, `{"type":"flush_done","context_id":"ID","flush_id":3}`, `{"type":"done","context_id":"ID","done":true}`)
	if fmt.Sprint(sink.Pieces) != "[0 1 2]" || sink.Ends != 1 || sink.Err != nil {
		t.Errorf("got pieces %v, %d ends, %v", sink.Pieces, sink.Ends, sink.Err)
	}
	if err := s.Close(t.Context(), nil); err != nil {
		t.Error(err)
	}
}

// A context that has nothing to do is ended before it expires, and what comes while it is being ended waits for its done,
// or for the time in which it would have expired.
func TestAPauseEndsTheContext(t *testing.T) {
	for _, answered := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			r := newReader(t)
			sink := &upstreamtest.Loose{TB: t}
			s := r.open(t, sink)
			must := func(err error) {
				if err != nil {
					t.Fatal(err)
				}
			}
			first, second := vendorsocket.JoinID(s.id, 1), vendorsocket.JoinID(s.id, 2)
			must(s.Speak(t.Context(), upstream.Piece{ID: 0, Text: "One."}))
			synctest.Wait()
			r.wants(t, request{ContextID: first, Transcript: "One.", Continue: true}, request{ContextID: first, Continue: true, Flush: true})
			r.frames(t, s, `{"type":"flush_done","context_id":"ID","flush_id":1}`)
			time.Sleep(idleTime)
			synctest.Wait()
			r.wants(t, request{ContextID: first})
			must(s.Speak(t.Context(), upstream.Piece{ID: 1, Text: " Two."}))
			synctest.Wait()
			r.wants(t)
			told := func(kept int) { // the alarm calls the sink as well
				t.Helper()
				s.Lock()
				defer s.Unlock()
				if sink.Kept != kept || fmt.Sprint(sink.Pieces) != "[0]" {
					t.Errorf("%d pieces are kept back, want %d; %v have ended", sink.Kept, kept, sink.Pieces)
				}
			}
			told(1)
			if answered {
				r.frames(t, s, `{"type":"done","context_id":"ID","done":true}`)
			} else {
				time.Sleep(endTime)
			}
			synctest.Wait()
			r.wants(t, request{ContextID: second, Transcript: " Two.", Continue: true}, request{ContextID: second, Continue: true, Flush: true})
			told(0)
			must(s.Close(t.Context(), nil))
			must(r.Close())
		})
	}
}

// audioFrame is a usual frame: 200 ms.
func audioFrame(id string) []byte {
	return fmt.Appendf(nil, `{"type":"chunk","data":%q,"done":false,"status_code":206,"step_time":12.5,"context_id":%q}`,
		base64.StdEncoding.EncodeToString(make([]byte, 9600)), id)
}

func TestChunksAllocateNothing(t *testing.T) {
	r := newReader(t)
	sink := &upstreamtest.Quiet{}
	frame := audioFrame(vendorsocket.JoinID(r.busy(t, sink).id, 1))
	upstreamtest.CheckFrameAllocs(t, sink, func() *upstream.Error { return (&dialect{}).Frame(r.mux, false, frame) })
}

func BenchmarkFrame(b *testing.B) {
	r := newReader(b)
	s := r.busy(b, &upstreamtest.Loose{TB: b})
	frame, d := audioFrame(vendorsocket.JoinID(s.id, 1)), &dialect{}
	upstreamtest.BenchFrame(b, frame, func() *upstream.Error { return d.Frame(r.mux, false, frame) })
}

// A stream that breaks off says how many pieces the vendor has not heard of, since it charges nothing for those.
func TestWhatIsWithheldIsTold(t *testing.T) {
	r := newReader(t)
	sink := &upstreamtest.Loose{TB: t}
	s := r.open(t, sink)
	for i := range 3 {
		if i == 1 {
			s.flushed(1)
			s.idle() // the context is being ended
		}
		if _, err := s.order(upstream.Piece{ID: i, Text: "x"}); err != nil {
			t.Fatal(err)
		}
	}
	s.Lost(&upstream.Error{Kind: upstream.Dropped})
	s.seat.Leave(true)
	if sink.Kept != 2 || sink.Used.Withheld != 2 {
		t.Errorf("got %d kept back and %d withheld, want 2", sink.Kept, sink.Used.Withheld)
	}
}

// One that has spoken all of them withholds none, nor does one that was given none.
func TestNothingIsWithheldOfAWholeStream(t *testing.T) {
	r := newReader(t)
	for _, texts := range [][]string{{""}, {"x"}, {"x", "y"}, {"x", ""}} {
		sink := &upstreamtest.Loose{TB: t}
		s := r.open(t, sink)
		r.order(t, s, texts...)
		s.done(1)
		s.Lost(&upstream.Error{Kind: upstream.Dropped})
		s.seat.Leave(true)
		if sink.Ends != 1 || sink.Err != nil || sink.Used.Withheld != 0 || len(sink.Pieces) != len(texts) {
			t.Errorf("%q: got %d ends, %v, %d withheld, %d pieces", texts, sink.Ends, sink.Err, sink.Used.Withheld, len(sink.Pieces))
		}
	}
}
