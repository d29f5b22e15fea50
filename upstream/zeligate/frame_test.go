package zeligate

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
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

// reader is a test in the place of a socket's reader.
type reader struct {
	*provider
	muxes chan *upstream.Mux
}

func newReader(tb testing.TB) *reader {
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
	return &reader{provider: &provider{Account: upstream.Account{Caps: capabilities(), Pool: pool}}, muxes: d.muxes}
}

// open opens a stream that the vendor has been told the last piece of, where last is set.
func (r *reader) open(tb testing.TB, sink upstream.Sink, last bool) (*stream, *upstream.Mux) {
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

// loose is a sink that checks only what must hold for any bytes from a vendor.
type loose struct {
	tb     testing.TB
	frames int
	audio  []byte
	ends   int
	err    error
}

func (l *loose) Audio(f upstream.Frame) {
	l.frames++
	l.audio = append(l.audio[:0], f.Base64...)
	if len(f.Base64) == 0 || f.Raw != nil || f.Format.Validate() != nil {
		l.tb.Errorf("bad frame %+v", f)
	}
	l.late("Audio")
}

func (l *loose) Words([]upstream.Word) { l.tb.Error("words of a vendor that has none") }

func (l *loose) PieceEnd(int) { l.tb.Error("a piece's end of a vendor that marks none") }

func (l *loose) End(u upstream.Usage, err error) {
	l.late("End")
	l.ends++
	l.err = err
	if u.Charge.Known() {
		l.tb.Errorf("a charge of a vendor that tells none: %+v", u)
	}
}

func (l *loose) late(call string) {
	if l.ends > 0 {
		l.tb.Errorf("%s after End", call)
	}
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
	f.Fuzz(func(t *testing.T, first, second, third string) {
		sink := &loose{tb: t}
		s, mux := r.open(t, sink, len(first)%2 == 0)
		for _, data := range []string{first, second, third} {
			if err := (&dialect{}).Frame(mux, false, []byte(data)); err != nil {
				upstreamtest.CheckError(t, err, nil)
			}
			if sink.err != nil {
				upstreamtest.CheckError(t, sink.err, nil)
			}
		}
		s.Lost(&upstream.Error{Kind: upstream.Dropped})
		if sink.ends != 1 {
			t.Errorf("got %d ends, want 1", sink.ends)
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
		sink := &loose{tb: t}
		s, mux := r.open(t, sink, false)
		// An escape in a further member leaves the frame to the decoder.
		slow := append(bytes.TrimRight(bytes.TrimSpace(data), "}"), `,"\u0061\u0061":0}`...)
		if err := (&dialect{}).Frame(mux, false, slow); err != nil || sink.frames != 1 || !bytes.Equal(sink.audio, base64) || sink.ends != 0 {
			t.Errorf("%s: the decoder has %v, %d frames of %q and %d ends; want %q", data, err, sink.frames, sink.audio, sink.ends, base64)
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
		"the usual":                  {`{"audio":"AAAA","isFinal":null,"normalizedAlignment":null,"alignment":null}`, false, 1, open, ""},
		"the least there can be":     {`{"audio":"AAAA"}`, false, 1, open, ""},
		"not the last":               {`{"audio":"AAAA","isFinal":false}`, true, 1, open, ""},
		"an escape":                  {`{"audio":"AA\/A","isFinal":null}`, false, 1, open, ""},
		"times, if there ever are":   {`{"audio":"AAAA","alignment":{"chars":["a"]}}`, false, 1, open, ""},
		"no audio":                   {`{"audio":null,"isFinal":null}`, false, 0, open, ""},
		"empty audio":                {`{"audio":"","isFinal":null}`, false, 0, open, ""},
		"empty audio, escaped":       {`{"audio":"","a":"\n"}`, false, 0, open, ""},
		"the last":                   {`{"audio":null,"isFinal":true}`, true, 0, "", ""},
		"the last with audio":        {`{"audio":"AAAA","isFinal":true}`, true, 1, "", ""},
		"the last without EOS":       {`{"audio":null,"isFinal":true}`, false, 0, upstream.Dropped, ""},
		"an error with audio":        {`{"audio":"AAAA","error":"model_loading"}`, true, 1, upstream.UpstreamError, ""},
		"an error that is none":      {`{"audio":"AAAA","error":null,"detail":null}`, true, 1, open, ""},
		"a message beside the audio": {`{"audio":"AAAA","message":"secret"}`, true, 1, open, ""},
		"unknown frames":             {`{"type":"flush_done"}`, false, 0, open, ""},
		"audio that is no string":    {`{"audio":1}`, false, 0, open, upstream.Garbled},
		"an end that is no truth":    {`{"audio":null,"isFinal":"true"}`, true, 0, open, upstream.Garbled},
		"a list":                     {`[{"audio":"AAAA"}]`, false, 0, open, upstream.Garbled},
	} {
		t.Run(name, func(t *testing.T) {
			sink := &loose{tb: t}
			s, mux := r.open(t, sink, c.last)
			err := (&dialect{}).Frame(mux, false, []byte(c.frame))
			if (err == nil) != (c.socket == "") || err != nil && err.Kind != c.socket {
				t.Errorf("got %v, want %q", err, c.socket)
			}
			if sink.frames != c.frames {
				t.Errorf("got %d frames, want %d", sink.frames, c.frames)
			}
			switch {
			case (sink.ends == 0) != (c.end == open):
				t.Errorf("got %d ends, want %q", sink.ends, c.end)
			case c.end == "" && sink.err != nil, c.end != "" && c.end != open && upstream.KindOf(sink.err) != c.end:
				t.Errorf("got %v, want %q", sink.err, c.end)
			}
			s.Lost(&upstream.Error{Kind: upstream.Dropped})
		})
	}
}

func TestFramesOfNoStream(t *testing.T) {
	r := newReader(t)
	s, mux := r.open(t, &loose{tb: t}, true)
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
		sink := &loose{tb: t}
		s, mux := r.open(t, sink, true)
		if err := (&dialect{}).Frame(mux, false, []byte(frame)); err != nil {
			t.Fatal(err)
		}
		s.Lost((&dialect{}).Closed(1008))
		if got := upstream.KindOf(sink.err); got != want {
			t.Errorf("after %s: got %s, want %s", frame, got, want)
		}
	}
}

// audioFrame is a usual frame: 200 ms.
func audioFrame() []byte {
	return fmt.Appendf(nil, `{"audio":"%s","isFinal":null,"normalizedAlignment":null,"alignment":null}`,
		base64.StdEncoding.EncodeToString(make([]byte, 9600)))
}

// quiet takes audio and does nothing.
type quiet struct{ frames int }

func (q *quiet) Audio(upstream.Frame)      { q.frames++ }
func (q *quiet) Words([]upstream.Word)     {}
func (q *quiet) PieceEnd(int)              {}
func (q *quiet) End(upstream.Usage, error) {}

func TestAudioFramesAllocateNothing(t *testing.T) {
	r := newReader(t)
	sink := &quiet{}
	s, mux := r.open(t, sink, false)
	frame, d := audioFrame(), &dialect{}
	allocs := testing.AllocsPerRun(100, func() {
		if err := d.Frame(mux, false, frame); err != nil {
			t.Fatal(err)
		}
	})
	if allocs != 0 {
		t.Errorf("got %v allocations a frame, want 0", allocs)
	}
	if sink.frames == 0 {
		t.Error("no frame reached the sink")
	}
	s.Lost(&upstream.Error{Kind: upstream.Dropped})
}

func BenchmarkFrame(b *testing.B) {
	r := newReader(b)
	s, mux := r.open(b, &quiet{}, false)
	frame, d := audioFrame(), &dialect{}
	b.SetBytes(int64(len(frame)))
	b.ReportAllocs()
	for b.Loop() {
		if err := d.Frame(mux, false, frame); err != nil {
			b.Fatal(err)
		}
	}
	s.Lost(&upstream.Error{Kind: upstream.Dropped})
}
