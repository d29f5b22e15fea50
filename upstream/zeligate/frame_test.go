package zeligate

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"testing"

	"voicerelay/upstream"
	"voicerelay/upstream/upstreamtest"
	"voicerelay/upstream/vendorsocket"
)

// reader is a test in the place of a socket's reader.
type reader struct {
	*provider
	muxes chan *vendorsocket.Mux
}

func newReader(tb testing.TB) *reader {
	tb.Helper()
	tap := upstreamtest.NewTap(tb, &dialect{base: upstreamtest.URL}, vendorsocket.PoolConfig{StreamsPerSocket: 1, SingleUse: true, AddressByKey: true}, upstreamtest.SaysOne)
	return &reader{provider: &provider{Account: vendorsocket.Account{Caps: capabilities(), Pool: tap.Pool}}, muxes: tap.Muxes}
}

// open opens a stream that the vendor has been told the last piece of, where last is set.
func (r *reader) open(tb testing.TB, sink upstream.Sink, last bool) (*stream, *vendorsocket.Mux) {
	tb.Helper()
	s, err := r.Open(context.Background(), request, sink)
	if err != nil {
		tb.Fatal(err)
	}
	if err := s.Speak(context.Background(), upstream.Piece{Text: "x", Last: last}); err != nil {
		tb.Fatal(err)
	}
	return s.(*stream), <-r.muxes
}

// loose is a sink of a vendor that sends base64 and tells nothing but audio.
type loose struct {
	*upstreamtest.Loose
	audio []byte // of the latest frame
}

func (l *loose) Audio(f upstream.Frame) {
	l.audio = append(l.audio[:0], f.Base64...)
	if len(f.Base64) == 0 && len(f.Raw) != 1 { // a byte completes a sample
		l.TB.Errorf("bad frame %+v", f)
	}
	l.Loose.Audio(f)
}

func (l *loose) Words([]upstream.Word) { l.TB.Error("words of a vendor that has none") }

func (l *loose) PieceEnd(int) { l.TB.Error("a piece's end of a vendor that marks none") }

func (l *loose) End(u upstream.Usage, err error) {
	if u.Charge.Known() {
		l.TB.Errorf("a charge of a vendor that tells none: %+v", u)
	}
	l.Loose.End(u, err)
}

// errStop is why tests stop streams.
var errStop = &upstream.Error{Kind: upstream.Canceled, Message: "barge-in"}

// FuzzFrame gives the reader frames of any bytes, three in a row, in the middle of a stream.
func FuzzFrame(f *testing.F) {
	f.Add(`{"audio":"AAAA","isFinal":null,"normalizedAlignment":null,"alignment":null}`, `{"audio":null,"isFinal":true}`, `{}`)
	f.Add(`{"audio":"AA\/A","isFinal":false}`, `{"audio":"AAAA","isFinal":true}`, `{"audio":"AAAA"}`)
	f.Add(`{"detail":{"status":"model_loading","message":"x"}}`, `{"detail":[]}`, `{"detail":[1]}`)
	f.Add(`{"message":"x","error":"a_b","code":1008}`, `{"code":1e99}`, `{"error":{}}`)
	f.Add(`{"audio":7}`, ``, "\xff")
	f.Add(`{"audio":"AAAA","alignment":{"chars":["a"]}}`, `{"isFinal":"true"}`, `[`)
	r := newReader(f)
	upstreamtest.FuzzFrames(f, func(t *testing.T, sink *upstreamtest.Loose) upstreamtest.Reading {
		var s *stream
		var mux *vendorsocket.Mux
		return upstreamtest.Reading{
			Frame: func(data string) *upstream.Error {
				if s == nil { // half of the inputs come after the last piece
					s, mux = r.open(t, &loose{Loose: sink}, len(data)%2 == 0)
				}
				return (&dialect{}).Frame(mux, false, []byte(data))
			},
			Lose: func() { s.Lost(&upstream.Error{Kind: upstream.Dropped}) },
		}
	})
}

// FuzzScan holds the scanner to the decoder: what it takes for audio is audio to that, too, and nothing else.
func FuzzScan(f *testing.F) {
	f.Add([]byte(`{"audio":"AAAA","isFinal":null,"normalizedAlignment":null,"alignment":null}`))
	f.Add([]byte(`{"audio":"AAAA","isFinal":true}`))
	f.Add([]byte(`{"audio":"AAAA","error":"x"}`))
	f.Add([]byte(`{"audio":"AAAA","detail":null,"error":null}`))
	r := newReader(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		base64, ok := scanAudio(data)
		if !ok || len(base64) == 0 || bytes.ContainsFunc(data, func(r rune) bool { return r < ' ' || r == '\ufffd' }) {
			return // the decoder judges, or the two may differ
		}
		sink := &loose{Loose: &upstreamtest.Loose{TB: t}}
		s, mux := r.open(t, sink, false)
		// An escape in a further member leaves the frame to the decoder.
		slow := append(bytes.TrimRight(bytes.TrimSpace(data), "}"), `,"\u0061\u0061":0}`...)
		if err := (&dialect{}).Frame(mux, false, slow); err != nil || sink.Frames != 1 || !bytes.Equal(sink.audio, base64) || sink.Ends != 0 {
			t.Errorf("%s: the decoder has %v, %d frames of %q and %d ends; want %q", data, err, sink.Frames, sink.audio, sink.Ends, base64)
		}
		s.Lost(&upstream.Error{Kind: upstream.Dropped})
	})
}

func TestFrames(t *testing.T) {
	r := newReader(t)
	const open = upstream.Kind("open") // the stream goes on
	for name, c := range map[string]struct {
		frame  string
		last   bool
		frames int
		end    upstream.Kind // empty: a good one
		socket upstream.Kind // of the socket's end, if the frame ends it
	}{
		"the usual":                   {`{"audio":"AAAA","isFinal":null,"normalizedAlignment":null,"alignment":null}`, false, 1, open, ""},
		"the least there can be":      {`{"audio":"AAAA"}`, false, 1, open, ""},
		"not the last":                {`{"audio":"AAAA","isFinal":false}`, true, 1, open, ""},
		"an escape":                   {`{"audio":"AA\/A","isFinal":null}`, false, 1, open, ""},
		"times, if there ever are":    {`{"audio":"AAAA","alignment":{"chars":["a"]}}`, false, 1, open, ""},
		"no audio":                    {`{"audio":null,"isFinal":null}`, false, 0, open, ""},
		"empty audio":                 {`{"audio":"","isFinal":null}`, false, 0, open, ""},
		"empty audio, escaped":        {`{"audio":"","a":"\n"}`, false, 0, open, ""},
		"the last":                    {`{"audio":null,"isFinal":true}`, true, 0, "", ""},
		"the last with audio":         {`{"audio":"AAAA","isFinal":true}`, true, 1, "", ""},
		"the last without EOS":        {`{"audio":null,"isFinal":true}`, false, 0, upstream.Dropped, ""},
		"an error with audio":         {`{"audio":"AAAA","error":"model_loading"}`, true, 1, upstream.UpstreamError, ""},
		"an error that is none":       {`{"audio":"AAAA","error":null,"detail":null}`, true, 1, open, ""},
		"a message besides the audio": {`{"audio":"AAAA","message":"secret"}`, true, 1, open, ""},
		"unknown frames":              {`{"type":"flush_done"}`, false, 0, open, ""},
		"audio that is no string":     {`{"audio":1}`, false, 0, open, upstream.Garbled},
		"an end that is no truth":     {`{"audio":null,"isFinal":"true"}`, true, 0, open, upstream.Garbled},
		"a list":                      {`[{"audio":"AAAA"}]`, false, 0, open, upstream.Garbled},
	} {
		t.Run(name, func(t *testing.T) {
			sink := &loose{Loose: &upstreamtest.Loose{TB: t}}
			s, mux := r.open(t, sink, c.last)
			err := (&dialect{}).Frame(mux, false, []byte(c.frame))
			if (err == nil) != (c.socket == "") || err != nil && err.Kind != c.socket {
				t.Errorf("got %v, want %q", err, c.socket)
			}
			if sink.Frames != c.frames {
				t.Errorf("got %d frames, want %d", sink.Frames, c.frames)
			}
			switch {
			case (sink.Ends == 0) != (c.end == open):
				t.Errorf("got %d ends, want %q", sink.Ends, c.end)
			case c.end == "" && sink.Err != nil, c.end != "" && c.end != open && upstream.KindOf(sink.Err) != c.end:
				t.Errorf("got %v, want %q", sink.Err, c.end)
			}
			s.Lost(&upstream.Error{Kind: upstream.Dropped})
		})
	}
}

func TestFramesOfNoStream(t *testing.T) {
	r := newReader(t)
	s, mux := r.open(t, &loose{Loose: &upstreamtest.Loose{TB: t}}, true)
	if err := (&dialect{}).Frame(mux, true, []byte("{}")); err == nil || err.Kind != upstream.Garbled {
		t.Errorf("a binary frame: got %v, want garbled", err)
	}
	if err := s.Close(t.Context(), errStop); err != nil {
		t.Errorf("Close: %v", err)
	}
	for _, frame := range []string{`{"audio":"AAAA","isFinal":null}`, `{"audio":null,"isFinal":true}`, `{"error":"model_loading"}`} {
		if err := (&dialect{}).Frame(mux, false, []byte(frame)); err != nil {
			t.Errorf("%s, late: got %v, want it dropped", frame, err)
		}
	}
}

// TestABareRefusal has the vendor close with the code of all refusals and no word more.
func TestABareRefusal(t *testing.T) {
	r := newReader(t)
	for frame, want := range map[string]upstream.Kind{
		`{"type":"greeting"}`: upstream.AuthFailed, // before the first audio it is the key
		`{"audio":"AAAA"}`:    upstream.Rejected,
	} {
		sink := &loose{Loose: &upstreamtest.Loose{TB: t}}
		s, mux := r.open(t, sink, true)
		if err := (&dialect{}).Frame(mux, false, []byte(frame)); err != nil {
			t.Fatal(err)
		}
		s.Lost((&dialect{}).Closed(1008))
		if got := upstream.KindOf(sink.Err); got != want {
			t.Errorf("after %s: got %s, want %s", frame, got, want)
		}
	}
}

// audioFrame is a usual frame: 200 ms.
func audioFrame() []byte {
	return fmt.Appendf(nil, `{"audio":"%s","isFinal":null,"normalizedAlignment":null,"alignment":null}`,
		base64.StdEncoding.EncodeToString(make([]byte, 9600)))
}

func TestAudioFramesAllocateNothing(t *testing.T) {
	sink := &upstreamtest.Quiet{}
	s, mux := newReader(t).open(t, sink, false)
	frame := audioFrame()
	upstreamtest.CheckFrameAllocs(t, sink, func() *upstream.Error { return (&dialect{}).Frame(mux, false, frame) })
	s.Lost(&upstream.Error{Kind: upstream.Dropped})
}

func BenchmarkFrame(b *testing.B) {
	r := newReader(b)
	s, mux := r.open(b, &upstreamtest.Quiet{}, false)
	frame, d := audioFrame(), &dialect{}
	upstreamtest.BenchFrame(b, frame, func() *upstream.Error { return d.Frame(mux, false, frame) })
	s.Lost(&upstream.Error{Kind: upstream.Dropped})
}
