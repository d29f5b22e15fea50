package kugelaudio

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
	"time"

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
	r := &reader{provider: &provider{Account: vendorsocket.Account{Caps: capabilities(defaults), Pool: tap.Pool}}}
	r.open(tb, &loose{&upstreamtest.Loose{TB: tb}})
	r.mux = <-tap.Muxes
	return r
}

// open opens a stream on the reader's socket.
func (r *reader) open(tb testing.TB, sink upstream.Sink) *stream {
	tb.Helper()
	req := request
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

// loose is a sink of a vendor whose audio is base64.
type loose struct{ *upstreamtest.Loose }

func (l *loose) Audio(f upstream.Frame) {
	if f.Base64 == nil && len(f.Raw) != 1 { // a byte completes a sample
		l.TB.Errorf("bad frame %+v", f)
	}
	l.Loose.Audio(f)
}

// reading is an open stream, for tests of frames.
func (r *reader) reading(t *testing.T, sink *upstreamtest.Loose) upstreamtest.Reading {
	return r.read(t, r.open(t, &loose{sink}))
}

func (r *reader) read(t *testing.T, s *stream) upstreamtest.Reading {
	return upstreamtest.Reading{
		Frame: func(data string) *upstream.Error { return r.frame(t, s, data) },
		Lose:  func() { s.Lost(&upstream.Error{Kind: upstream.Dropped}) },
	}
}

// FuzzFrame gives the reader frames of any bytes, three in a row, in the middle of a stream.
func FuzzFrame(f *testing.F) {
	f.Add(`{"audio":"AAAA","context_id":"ID","enc":"pcm_s16le","sr":24000,"samples":2,"chunk_id":0}`,
		`{"word_timestamps":[{"word":"a","start_ms":1e300,"end_ms":-5}],"context_id":"ID","chunk_id":-9}`,
		`{"context_closed":true,"context_id":"ID","usage":{"cost_cents":1e-9,"currency":"eur"}}`)
	f.Add(`{"audio":"\u0041","context_id":"ID","sr":-1}`, `{"audio":null,"context_id":"ID"}`, `{"audio":3,"context_id":"ID"}`)
	f.Add(`{"final":true,"context_id":"ID"}`, `{"interrupted":true}`, `{"error":"x","context_id":"ID","retry_after":1e99}`)
	f.Add(`{"context_closed":true,"context_id":"ID","usage":{"cost_cents":null}}`, `{"usage":{}}`, `[`)
	f.Add(`{"generation_started":true,"context_id":"ID","chunk_id":9223372036854775807}`, `{"context_id":""}`, `{"session_closed":true}`)
	f.Add(`{"context_closed":true,"context_id":"ID","usage":{"cost_cents":"5","currency":"eur"}}`, ``, "\xff")
	r := newReader(f)
	upstreamtest.FuzzFrames(f, func(t *testing.T, sink *upstreamtest.Loose) upstreamtest.Reading {
		s := r.open(t, &loose{sink})
		if err := s.Speak(t.Context(), upstream.Piece{Text: "x"}); err != nil {
			t.Fatal(err)
		}
		return r.read(t, s)
	})
}

func TestFramesThatTheScannerLeaves(t *testing.T) {
	r := newReader(t)
	upstreamtest.CheckFrames(t, map[string]upstreamtest.FrameCase{
		"the least there can be":  {Frame: `{"audio":"AAAA","context_id":"ID"}`, Frames: 1},
		"an escape":               {Frame: `{"audio":"AA\/A","context_id":"ID"}`, Frames: 1},
		"a nested member":         {Frame: `{"audio":"AAAA","context_id":"ID","extra":{"a":[1]}}`, Frames: 1},
		"another context":         {Frame: `{"audio":"AAAA","context_id":"other"}`},
		"an unknown encoding":     {Frame: `{"audio":"AAAA","context_id":"ID","enc":"opus"}`, Kind: upstream.Garbled},
		"an unknown rate":         {Frame: `{"audio":"AAAA","context_id":"ID","sr":11025}`, Kind: upstream.Garbled},
		"G.711 at a wrong rate":   {Frame: `{"audio":"AAAA","context_id":"ID","enc":"mulaw","sr":24000}`, Kind: upstream.Garbled},
		"audio that is no string": {Frame: `{"audio":1,"context_id":"ID"}`, Kind: upstream.Garbled},
		"audio without context":   {Frame: `{"audio":"AAAA"}`, Kind: upstream.Garbled},
		"a fraction for a rate":   {Frame: `{"audio":"AAAA","context_id":"ID","sr":24000.5}`, Kind: upstream.Garbled},
		"unknown frames":          {Frame: `{"brand_new":true,"context_id":"ID"}`},
		"a warning":               {Frame: `{"warning":"secret vendor text"}`},
		"settings":                {Frame: `{"settings_updated":true,"settings":{}}`},
		"a greeting":              {Frame: `{"session_started":true,"session_id":"x"}`},
		"the session's end":       {Frame: `{"session_closed":true,"total_audio_seconds":1}`, Kind: upstream.Dropped},
	}, r.reading)
	if err := (&dialect{}).Frame(r.mux, true, []byte("{}")); err == nil || err.Kind != upstream.Garbled {
		t.Errorf("a binary frame: got %v, want garbled", err)
	}
}

// TestWordTimesCountFromTheStreamsStart has chunks of odd sizes, words before, among and long after their audio,
// and a change of format on the way.
func TestWordTimesCountFromTheStreamsStart(t *testing.T) {
	r := newReader(t)
	sink := &loose{&upstreamtest.Loose{TB: t}}
	s := r.open(t, sink)
	for i := range 3 {
		if err := s.Speak(t.Context(), upstream.Piece{ID: i, Text: "x"}); err != nil {
			t.Fatal(err)
		}
	}
	audio := func(bytes int, rest string) string {
		return `{"audio":"` + base64.StdEncoding.EncodeToString(make([]byte, bytes)) + `","context_id":"ID"` + rest + `}`
	}
	word := func(chunk int, from, to int) string {
		return fmt.Sprintf(`{"word_timestamps":[{"word":"w","start_ms":%d,"end_ms":%d}],"context_id":"ID","chunk_id":%d}`, from, to, chunk)
	}
	for _, f := range []string{
		`{"generation_started":true,"context_id":"ID","chunk_id":0}`,
		word(0, 50, 100),
		audio(24001, `,"chunk_id":0`), audio(23999, `,"chunk_id":0`), // one second
		audio(4800, `,"chunk_id":1`), // 100 ms
		word(0, 900, 990),
		`{"final":true,"context_id":"ID"}`,
		word(1, 10, 90),                                      // late, of piece 0
		audio(8000, `,"chunk_id":2,"enc":"mulaw","sr":8000`), // one second
		audio(800, `,"chunk_id":3,"enc":"mulaw","sr":8000`),  // 100 ms
		word(3, 0, 100),
	} {
		if err := r.frame(t, s, f); err != nil {
			t.Fatal(err)
		}
	}
	want := []upstream.Word{
		{Text: "w", Piece: 0, Start: 50 * time.Millisecond, End: 100 * time.Millisecond, Score: -1},
		{Text: "w", Piece: 0, Start: 900 * time.Millisecond, End: 990 * time.Millisecond, Score: -1},
		{Text: "w", Piece: 0, Start: 1010 * time.Millisecond, End: 1090 * time.Millisecond, Score: -1},
		{Text: "w", Piece: 1, Start: 2100 * time.Millisecond, End: 2200 * time.Millisecond, Score: -1},
	}
	if got := fmt.Sprint(sink.Told); got != fmt.Sprint(want) {
		t.Errorf("got %v\nwant %v", got, want)
	}
	s.Lost(&upstream.Error{Kind: upstream.Dropped})
}

// Each chunk of a piece, and each piece, begins with a whole sample, whether the end of the one before is told or not.
func TestChunksBeginWhole(t *testing.T) {
	r := newReader(t)
	sink := upstreamtest.NewSink(t)
	s := r.open(t, sink)
	for i := range 2 {
		if err := s.Speak(t.Context(), upstream.Piece{ID: i, Text: "x"}); err != nil {
			t.Fatal(err)
		}
	}
	audio := func(first byte, chunk int) string {
		odd := base64.StdEncoding.EncodeToString([]byte{first, 1, 2})
		return fmt.Sprintf(`{"audio":%q,"context_id":"ID","chunk_id":%d}`, odd, chunk)
	}
	for _, f := range []string{
		audio(10, 0), audio(11, 1), `{"generation_started":true,"context_id":"ID","chunk_id":2}`, audio(12, 2),
		`{"final":true,"context_id":"ID"}`, audio(13, 3),
	} {
		if err := r.frame(t, s, f); err != nil {
			t.Fatal(err)
		}
	}
	want := []byte{10, 1, 2, 0, 11, 1, 2, 0, 12, 1, 2, 0, 13, 1, 2}
	if got := sink.Heard().Audio; !bytes.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	s.Lost(&upstream.Error{Kind: upstream.Dropped})
}

func TestCharges(t *testing.T) {
	r := newReader(t)
	for usage, want := range map[string]upstream.Charge{
		`{"cost_cents":0.18,"currency":"eur"}`:                             {Decimal: "0.18", Scale: -2, Currency: "EUR"},
		`{"cost_cents":1.80e-05,"currency":"EUR"}`:                         {Decimal: "1.80e-05", Scale: -2, Currency: "EUR"},
		`{"cost_cents":0,"currency":"eur"}`:                                {Decimal: "0", Scale: -2, Currency: "EUR"},
		`{"cost_cents":null,"cost_unavailable":true}`:                      {},
		`{"cost_cents":0.18}`:                                              {},
		`{"cost_cents":"0.18","currency":"eur"}`:                           {},
		`{"cost_cents":{},"currency":"eur"}`:                               {},
		`{"cost_cents":1` + strings.Repeat("0", 64) + `,"currency":"eur"}`: {},
		`{}`:   {},
		`null`: {},
	} {
		sink := upstreamtest.NewSink(t)
		s := r.open(t, sink)
		if err := r.frame(t, s, `{"context_closed":true,"context_id":"ID","usage":`+usage+`}`); err != nil {
			t.Fatal(err)
		}
		if got := sink.Heard().Usage.Charge; got != want {
			t.Errorf("%s: got %+v, want %+v", usage, got, want)
		}
	}
}

// audioFrame is a usual frame: 200 ms.
func audioFrame(id string) []byte {
	return fmt.Appendf(nil, `{"audio":"%s","enc":"pcm_s16le","context_id":"%s","idx":3,"sr":24000,"samples":4800,"chunk_id":1}`,
		base64.StdEncoding.EncodeToString(make([]byte, 9600)), id)
}

func TestAudioFramesAllocateNothing(t *testing.T) {
	r := newReader(t)
	sink := &upstreamtest.Quiet{}
	s := r.open(t, sink)
	frame := audioFrame(s.id)
	upstreamtest.CheckFrameAllocs(t, sink, func() *upstream.Error { return (&dialect{}).Frame(r.mux, false, frame) })
	s.Lost(&upstream.Error{Kind: upstream.Dropped})
}

func BenchmarkFrame(b *testing.B) {
	r := newReader(b)
	s := r.open(b, &loose{&upstreamtest.Loose{TB: b}})
	frame, d := audioFrame(s.id), &dialect{}
	upstreamtest.BenchFrame(b, frame, func() *upstream.Error { return d.Frame(r.mux, false, frame) })
	s.Lost(&upstream.Error{Kind: upstream.Dropped})
}
