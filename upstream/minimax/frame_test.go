package minimax

import (
	"encoding/hex"
	"fmt"
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

// newReader has a socket on which one stream is at a time.
func newReader(tb testing.TB) *reader {
	tb.Helper()
	r := &reader{}
	tap := upstreamtest.NewTap(tb, &dialect{address: upstreamtest.URL}, vendorsocket.PoolConfig{StreamsPerSocket: 1, AddressByKey: true}, func(c *upstreamtest.Conn) {
		if greet(c) {
			upstreamtest.SaysOne(c)
		}
	})
	r.provider = &provider{cfg: defaults(), Account: vendorsocket.Account{Caps: capabilities(), Pool: tap.Pool}}
	r.lose(r.open(tb, &upstreamtest.Loose{TB: tb}))
	r.mux = <-tap.Muxes
	return r
}

// open opens a stream with two pieces ordered, on the socket that there is.
func (r *reader) open(tb testing.TB, sink upstream.Sink) *stream {
	tb.Helper()
	req := testRequest
	req.ID = fmt.Sprint("s", r.n)
	r.n++
	opened, err := r.Open(tb.Context(), req, sink)
	if err != nil {
		tb.Fatal(err)
	}
	s := opened.(*stream)
	for i := range 2 {
		if _, err := s.order(upstream.Piece{ID: i, Text: "x"}); err != nil {
			tb.Fatal(err)
		}
	}
	return s
}

// lose ends a stream, and leaves the socket to the next.
func (r *reader) lose(s *stream) { s.Lost(&upstream.Error{Kind: upstream.Dropped}) }

func (r *reader) frame(data string) *upstream.Error {
	return (&dialect{}).Frame(r.mux, false, []byte(data))
}

// reading is a stream in the middle of its speech.
func (r *reader) reading(t *testing.T, sink *upstreamtest.Loose) upstreamtest.Reading {
	s := r.open(t, sink)
	return upstreamtest.Reading{Frame: r.frame, Lose: func() { r.lose(s) }}
}

// FuzzFrame gives the reader frames of any bytes, three in a row, in the middle of a stream.
func FuzzFrame(f *testing.F) {
	f.Add(`{"event":"task_continued","data":{"audio":"00ff"},"base_resp":{"status_code":0}}`, `{"event":"task_flushed"}`, `{"event":"task_flushed"}`)
	f.Add(`{"event":"task_continued","data":{"audio":"0"}}`, `{"event":"task_failed","base_resp":{"status_code":2205}}`, `{"event":"task_flushed"}`)
	f.Add(`{"event":"task_canceled"}`, `{"event":"task_continued","data":null}`, `{"event":3}`)
	f.Add(`{"base_resp":{"status_code":1004,"status_msg":"x"},"trace_id":7}`, `{"event":"task_finished"}`, `[`)
	r := newReader(f)
	upstreamtest.FuzzFrames(f, r.reading)
}

func TestFrames(t *testing.T) {
	r := newReader(t)
	const fine = `,"base_resp":{"status_code":0,"status_msg":"success"}`
	upstreamtest.CheckFrames(t, map[string]upstreamtest.FrameCase{
		"audio":                   {Frame: `{"event":"task_continued","session_id":"s","data":{"audio":"00ff","status":1},"is_final":false` + fine + `}`, Frames: 1},
		"capital digits":          {Frame: `{"event":"task_continued","data":{"audio":"0AFF"}` + fine + `}`, Frames: 1},
		"members in another way":  {Frame: ` {"base_resp":{"status_code":0}, "data":{"audio":"00ff"}, "event":"task_continued"}`, Frames: 1},
		"no base_resp":            {Frame: `{"event":"task_continued","data":{"audio":"00ff"}}`, Frames: 1},
		"a base_resp of null":     {Frame: `{"event":"task_continued","data":{"audio":"00ff"},"base_resp":null}`, Frames: 1},
		"an escape":               {Frame: `{"event":"task_continued","data":{"audio":"00\u0066f"}` + fine + `}`, Frames: 1},
		"a nested member":         {Frame: `{"event":"task_continued","data":{"audio":"00ff"},"more":{"a":[1]}` + fine + `}`, Frames: 1},
		"the last of a request":   {Frame: `{"event":"task_continued","data":{"audio":"00ff"},"is_final":true,"extra_info":{"usage_characters":7}` + fine + `}`, Frames: 1},
		"data of null":            {Frame: `{"event":"task_continued","data":null` + fine + `}`},
		"data without audio":      {Frame: `{"event":"task_continued","data":{}` + fine + `}`},
		"audio of no length":      {Frame: `{"event":"task_continued","data":{"audio":""}` + fine + `}`},
		"half a byte":             {Frame: `{"event":"task_continued","data":{"audio":"00f"}` + fine + `}`, Kind: upstream.Garbled},
		"no hexadecimal":          {Frame: `{"event":"task_continued","data":{"audio":"AAAg"}` + fine + `}`, Kind: upstream.Garbled},
		"audio that is a number":  {Frame: `{"event":"task_continued","data":{"audio":1}` + fine + `}`, Kind: upstream.Garbled},
		"a code":                  {Frame: `{"event":"task_continued","data":{"audio":"00ff"},"base_resp":{"status_code":1002}}`, Kind: upstream.Throttled},
		"a code that is a string": {Frame: `{"event":"task_failed","base_resp":{"status_code":"1002"}}`, Kind: upstream.Garbled},
		"a piece's end":           {Frame: `{"event":"task_flushed"` + fine + `}`, Pieces: 1},
		"a text left out":         {Frame: `{"event":"task_failed","base_resp":{"status_code":2205}}`},
		"a cancel of nobody's":    {Frame: `{"event":"task_canceled"` + fine + `}`},
		"a sentence":              {Frame: `{"event":"sentence_end"` + fine + `}`},
		"an unknown event":        {Frame: `{"event":"brand_new","x":{"y":1}}`},
		"no event":                {Frame: `{"data":{"audio":"00ff"}}`, Kind: upstream.Garbled},
		"an event by number":      {Frame: `{"event":1}`, Kind: upstream.Garbled},
		"the session's end":       {Frame: `{"event":"task_finished"` + fine + `}`, Kind: upstream.Dropped},
		"idle for too long":       {Frame: `{"event":"task_failed","base_resp":{"status_code":2201}}`, Kind: upstream.Dropped},
		"white space":             {Frame: ` `, Kind: upstream.Garbled},
	}, r.reading)
	if err := (&dialect{}).Frame(r.mux, true, []byte("{}")); err == nil || err.Kind != upstream.Garbled {
		t.Errorf("a binary frame: got %v, want garbled", err)
	}
}

// audioFrame is a usual frame: 200 ms.
func audioFrame() []byte {
	return fmt.Appendf(nil, `{"event":"task_continued","session_id":"s","connect_id":"s","trace_id":"04ece790375f3ca2edbb44e8c4c200bf",`+
		`"data":{"audio":%q,"status":1},"is_final":false,"extra_info":null,"base_resp":{"status_code":0,"status_msg":""}}`,
		hex.EncodeToString(make([]byte, 9600)))
}

func TestAudioFramesAllocateNothing(t *testing.T) {
	r := newReader(t)
	sink := &upstreamtest.Quiet{}
	s := r.open(t, sink)
	frame := audioFrame()
	upstreamtest.CheckFrameAllocs(t, sink, func() *upstream.Error { return (&dialect{}).Frame(r.mux, false, frame) })
	r.lose(s)
}

func BenchmarkFrame(b *testing.B) {
	r := newReader(b)
	s := r.open(b, &upstreamtest.Loose{TB: b})
	frame, d := audioFrame(), &dialect{}
	upstreamtest.BenchFrame(b, frame, func() *upstream.Error { return d.Frame(r.mux, false, frame) })
	r.lose(s)
}
