package together

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
	mux   *vendorsocket.Mux
	first *stream
	n     int
}

// newReader is a reader whose first stream, with the sink, is open.
func newReader(tb testing.TB, sink upstream.Sink) *reader {
	tb.Helper()
	tap := upstreamtest.NewTap(tb, &dialect{base: upstreamtest.URL, auth: inHeader}, vendorsocket.PoolConfig{StreamsPerSocket: 8, SharedOnceProven: true, AddressByKey: true}, func(c *upstreamtest.Conn) {
		c.Send(reply{"type": typeCreated})
		c.Send(reply{})
		for ok := true; ok; {
			_, ok = c.Next()
		}
	})
	r := &reader{provider: &provider{cfg: defaults(), Account: vendorsocket.Account{Caps: capabilities(defaults()), Pool: tap.Pool}}}
	r.first = r.open(tb, sink)
	r.mux = <-tap.Muxes
	return r
}

// open opens a stream on the reader's socket, where that is shared, or on a new one.
func (r *reader) open(tb testing.TB, sink upstream.Sink) *stream {
	tb.Helper()
	req := request()
	req.ID = fmt.Sprint("c", r.n)
	r.n++
	s, err := r.Open(context.Background(), req, sink)
	if err != nil {
		tb.Fatal(err)
	}
	return s.(*stream)
}

// frame gives the socket a frame, in which ID stands for the stream's id.
func (r *reader) frame(tb testing.TB, s *stream, data string) *upstream.Error {
	tb.Helper()
	return (&dialect{}).Frame(r.mux, false, []byte(strings.ReplaceAll(data, "ID", s.id)))
}

// reading is an open stream, for tests of frames.
func (r *reader) reading(t *testing.T, sink *upstreamtest.Loose) upstreamtest.Reading {
	return r.read(t, r.open(t, sink))
}

func (r *reader) read(t *testing.T, s *stream) upstreamtest.Reading {
	return upstreamtest.Reading{
		Frame: func(data string) *upstream.Error { return r.frame(t, s, data) },
		Lose:  func() { s.fail(&upstream.Error{Kind: upstream.Dropped}) },
	}
}

// FuzzFrame gives the reader frames of any bytes, three in a row, in the middle of a stream.
func FuzzFrame(f *testing.F) {
	f.Add(`{"type":"conversation.item.audio_output.delta","item_id":"a","delta":"UklGRgAAAABXQVZF","context_id":"ID"}`,
		`{"type":"conversation.item.word_timestamps","item_id":"a","words":["x","y"],"start_seconds":[1e300],"end_seconds":[-5,2],"context_id":"ID"}`,
		`{"type":"conversation.item.audio_output.done","item_id":"a","context_id":"ID"}`)
	f.Add(`{"type":"conversation.item.audio_output.delta","item_id":"a","delta":"UklG","context_id":"ID"}`,
		`{"type":"conversation.item.audio_output.delta","item_id":"a","delta":"!","context_id":"ID"}`,
		`{"type":"conversation.item.audio_output.delta","item_id":"a","delta":null,"context_id":"ID"}`)
	f.Add(`{"type":"conversation.item.audio_output.done","context_id":"ID"}`, `{"type":"context.cancelled","context_id":"ID"}`,
		`{"type":"conversation.item.tts.failed","error":[],"context_id":"ID"}`)
	f.Add(`{"type":"context.cancelled"}`, `{"type":"error"}`, `{"type":"session.updated","session":{"voice":3}}`)
	f.Add(`{"type":"conversation.item.audio_output.delta","item_id":"","delta":"","context_id":"ID"}`, ``, "\xff")
	r := newReader(f, &upstreamtest.Loose{TB: f})
	r.first.seat.Share()
	upstreamtest.FuzzFrames(f, func(t *testing.T, sink *upstreamtest.Loose) upstreamtest.Reading {
		s := r.open(t, sink)
		if r.mux.Member([]byte(s.id)) == nil {
			t.Fatal("the stream is on another socket")
		}
		if err := s.Speak(t.Context(), upstream.Piece{Text: "x", Last: true}); err != nil {
			t.Fatal(err)
		}
		return r.read(t, s)
	})
}

func TestFramesThatTheScannerLeaves(t *testing.T) {
	r := newReader(t, &upstreamtest.Loose{TB: t})
	r.first.seat.Share()
	const delta = `"type":"conversation.item.audio_output.delta"`
	upstreamtest.CheckFrames(t, map[string]upstreamtest.FrameCase{
		"the usual":              {Frame: `{` + delta + `,"item_id":"tts_1","delta":"AAAAAAAA","context_id":"ID"}`, Frames: 1},
		"without an item":        {Frame: `{` + delta + `,"delta":"AAAAAAAA","context_id":"ID"}`, Frames: 1},
		"an escape":              {Frame: `{` + delta + `,"item_id":"i","delta":"AAAA\/AAA","context_id":"ID"}`, Frames: 1},
		"a nested member":        {Frame: `{` + delta + `,"item_id":"i","delta":"AAAAAAAA","context_id":"ID","x":{"a":[1]}}`, Frames: 1},
		"another context":        {Frame: `{` + delta + `,"item_id":"i","delta":"AAAAAAAA","context_id":"other"}`},
		"no context":             {Frame: `{` + delta + `,"item_id":"i","delta":"AAAAAAAA"}`},
		"a null for a context":   {Frame: `{` + delta + `,"item_id":"i","delta":"AAAAAAAA","context_id":null}`},
		"nothing":                {Frame: `{` + delta + `,"item_id":"i","delta":"","context_id":"ID"}`},
		"no audio":               {Frame: `{` + delta + `,"item_id":"i","context_id":"ID"}`, Kind: upstream.Garbled},
		"audio that is a number": {Frame: `{` + delta + `,"item_id":"i","delta":1,"context_id":"ID"}`, Kind: upstream.Garbled},
		"a number for a type":    {Frame: `{"type":1,"item_id":"i","delta":"AAAA"}`, Kind: upstream.Garbled},
		"no type":                {Frame: `{"item_id":"i","delta":"AAAAAAAA","context_id":"ID"}`, Kind: upstream.Garbled},
		"an acknowledgement":     {Frame: `{"type":"conversation.item.input_text.received","text":"x"}`},
		"settings":               {Frame: `{"type":"session.updated","session":{"voice":"x"}}`},
		"an unknown type":        {Frame: `{"type":"brand.new","context_id":"ID","delta":"AAAA"}`},
		"a late greeting":        {Frame: `{"type":"session.created","session":{}}`},
		"an error of all":        {Frame: `{"type":"conversation.item.tts.failed","error":{"code":"invalid_api_key"}}`, Kind: upstream.AuthFailed},
	}, r.reading)
	if err := (&dialect{}).Frame(r.mux, true, []byte("{}")); err == nil || err.Kind != upstream.Garbled {
		t.Errorf("a binary frame: got %v, want garbled", err)
	}
}

func TestGreetings(t *testing.T) {
	for frame, c := range map[string]struct {
		ready bool
		kind  upstream.Kind
	}{
		`{"type":"session.created","session":{"id":"s"}}`:                                {true, ""},
		`{"type":"brand.new"}`:                                                           {false, ""},
		`{"type":"conversation.item.tts.failed","error":{"code":"missing_api_key"}}`:     {false, upstream.AuthFailed},
		`{"type":"error","message":"secret vendor text"}`:                                {false, upstream.UpstreamError},
		`{"type":"conversation.item.tts.failed","error":{"code":"model_not_available"}}`: {false, upstream.Rejected},
		`[]`: {false, upstream.Garbled},
	} {
		reply, ready, err := (&dialect{}).Greet(false, []byte(frame))
		if reply != nil || ready != c.ready || (err == nil) != (c.kind == "") || err != nil && err.Kind != c.kind {
			t.Errorf("%s: got %q, %v, %v; want %v, %q", frame, reply, ready, err, c.ready, c.kind)
		}
	}
}

// audioFrame is a usual delta: 200 ms.
func audioFrame(id string) []byte {
	return fmt.Appendf(nil, `{"type":"conversation.item.audio_output.delta","item_id":"tts_1","delta":"%s","context_id":"%s"}`,
		base64.StdEncoding.EncodeToString(make([]byte, 9600)), id)
}

func TestDeltasAllocateNothing(t *testing.T) {
	for name, named := range map[string]bool{"named": true, "not named": false} {
		t.Run(name, func(t *testing.T) {
			sink := &upstreamtest.Quiet{}
			r := newReader(t, sink)
			frame := audioFrame(r.first.id)
			if !named {
				frame = []byte(strings.Replace(string(frame), `,"context_id":"c0"`, "", 1))
			}
			upstreamtest.CheckFrameAllocs(t, sink, func() *upstream.Error { return (&dialect{}).Frame(r.mux, false, frame) })
		})
	}
}

func BenchmarkFrame(b *testing.B) {
	r := newReader(b, &upstreamtest.Loose{TB: b})
	frame, d := audioFrame(r.first.id), &dialect{}
	upstreamtest.BenchFrame(b, frame, func() *upstream.Error { return d.Frame(r.mux, false, frame) })
}
