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
	f.Fuzz(func(t *testing.T, first, second, third string) {
		sink := &upstreamtest.Loose{TB: t}
		s := r.open(t, sink)
		if r.mux.Member([]byte(s.id)) == nil {
			t.Fatal("the stream is on another socket")
		}
		if err := s.Speak(t.Context(), upstream.Piece{Text: "x", Last: true}); err != nil {
			t.Fatal(err)
		}
		for _, data := range []string{first, second, third} {
			if err := r.frame(t, s, data); err != nil {
				upstreamtest.CheckError(t, err, nil)
			}
		}
		s.fail(&upstream.Error{Kind: upstream.Dropped})
		if sink.Ends != 1 {
			t.Errorf("got %d ends, want 1", sink.Ends)
		}
	})
}

func TestFramesThatTheScannerLeaves(t *testing.T) {
	r := newReader(t, &upstreamtest.Loose{TB: t})
	r.first.seat.Share()
	const delta = `"type":"conversation.item.audio_output.delta"`
	for name, c := range map[string]struct {
		frame  string
		kind   upstream.Kind // of the socket's end
		frames int
	}{
		"the usual":              {`{` + delta + `,"item_id":"tts_1","delta":"AAAAAAAA","context_id":"ID"}`, "", 1},
		"without an item":        {`{` + delta + `,"delta":"AAAAAAAA","context_id":"ID"}`, "", 1},
		"an escape":              {`{` + delta + `,"item_id":"i","delta":"AAAA\/AAA","context_id":"ID"}`, "", 1},
		"a nested member":        {`{` + delta + `,"item_id":"i","delta":"AAAAAAAA","context_id":"ID","x":{"a":[1]}}`, "", 1},
		"another context":        {`{` + delta + `,"item_id":"i","delta":"AAAAAAAA","context_id":"other"}`, "", 0},
		"no context":             {`{` + delta + `,"item_id":"i","delta":"AAAAAAAA"}`, "", 0},
		"a null for a context":   {`{` + delta + `,"item_id":"i","delta":"AAAAAAAA","context_id":null}`, "", 0},
		"nothing":                {`{` + delta + `,"item_id":"i","delta":"","context_id":"ID"}`, "", 0},
		"no audio":               {`{` + delta + `,"item_id":"i","context_id":"ID"}`, upstream.Garbled, 0},
		"audio that is a number": {`{` + delta + `,"item_id":"i","delta":1,"context_id":"ID"}`, upstream.Garbled, 0},
		"a number for a type":    {`{"type":1,"item_id":"i","delta":"AAAA"}`, upstream.Garbled, 0},
		"no type":                {`{"item_id":"i","delta":"AAAAAAAA","context_id":"ID"}`, upstream.Garbled, 0},
		"an acknowledgement":     {`{"type":"conversation.item.input_text.received","text":"x"}`, "", 0},
		"settings":               {`{"type":"session.updated","session":{"voice":"x"}}`, "", 0},
		"an unknown type":        {`{"type":"brand.new","context_id":"ID","delta":"AAAA"}`, "", 0},
		"a late greeting":        {`{"type":"session.created","session":{}}`, "", 0},
		"an error of all":        {`{"type":"conversation.item.tts.failed","error":{"code":"invalid_api_key"}}`, upstream.AuthFailed, 0},
	} {
		t.Run(name, func(t *testing.T) {
			sink := &upstreamtest.Loose{TB: t}
			s := r.open(t, sink)
			err := r.frame(t, s, c.frame)
			if (err == nil) != (c.kind == "") || err != nil && err.Kind != c.kind {
				t.Errorf("got %v, want %q", err, c.kind)
			}
			if sink.Frames != c.frames {
				t.Errorf("got %d frames, want %d", sink.Frames, c.frames)
			}
			s.fail(&upstream.Error{Kind: upstream.Dropped})
		})
	}
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
			sink := &upstreamtest.Loose{TB: t}
			r := newReader(t, sink)
			frame, d := audioFrame(r.first.id), &dialect{}
			if !named {
				frame = []byte(strings.Replace(string(frame), `,"context_id":"c0"`, "", 1))
			}
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
		})
	}
}

func BenchmarkFrame(b *testing.B) {
	r := newReader(b, &upstreamtest.Loose{TB: b})
	frame, d := audioFrame(r.first.id), &dialect{}
	upstreamtest.BenchFrame(b, frame, func() *upstream.Error { return d.Frame(r.mux, false, frame) })
}
