package fish

import (
	"fmt"
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

// newReader has a socket on which one stream is at a time: one that is used again, unlike the adapter's.
func newReader(tb testing.TB) *reader {
	tb.Helper()
	r := &reader{}
	tap := upstreamtest.NewTap(tb, &dialect{address: upstreamtest.URL}, vendorsocket.PoolConfig{StreamsPerSocket: 1, AddressByKey: true}, upstreamtest.SaysOne)
	r.provider = &provider{cfg: defaults(), Account: vendorsocket.Account{Caps: capabilities(defaults()), Pool: tap.Pool}}
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
	s.started = true
	for i, text := range []string{"One.", "Two."} {
		if err := s.order(upstream.Piece{ID: i, Text: text, Last: i == 1}); err != nil {
			tb.Fatal(err)
		}
	}
	return s
}

// lose ends a stream, and leaves the socket to the next.
func (r *reader) lose(s *stream) { s.Lost(&upstream.Error{Kind: upstream.Dropped}) }

func (r *reader) frame(data string) *upstream.Error {
	return (&dialect{}).Frame(r.mux, true, []byte(data))
}

// reading is a stream in the middle of its speech: there has been a frame of its first piece.
func (r *reader) reading(t *testing.T, sink *upstreamtest.Loose) upstreamtest.Reading {
	s := r.open(t, sink)
	return upstreamtest.Reading{Frame: r.frame, Lose: func() { r.lose(s) }}
}

// FuzzFrame gives the reader frames of any bytes, three in a row, in the middle of a stream.
func FuzzFrame(f *testing.F) {
	pack := func(r reply) string { return string(encode(r)) }
	words := []upstream.Word{{Text: "One", Start: time.Second, End: 2 * time.Second}}
	f.Add(pack(audioOf(0, "One.", make([]byte, 480), words)), pack(audioOf(1, "Two.", []byte{1}, words)), pack(reply{"event": eventFinish, "reason": reasonStop}))
	f.Add(pack(audioOf(0, "Two.", nil, words)), pack(audioOf(0, "", nil, []upstream.Word{})), pack(reply{"event": eventError, "error": "x"}))
	f.Add(pack(reply{"event": eventAudio, "audio": 7}), pack(reply{"event": nil}), "\xc1")
	f.Add(pack(reply{"event": eventAudio, "alignment": reply{"segments": []any{reply{"text": 3}}}}), pack(reply{"event": eventAudio, "chunk_seq": 1e300}), "\x80")
	r := newReader(f)
	upstreamtest.FuzzFrames(f, r.reading)
}

func TestFrames(t *testing.T) {
	r := newReader(t)
	words := []upstream.Word{{Text: "One", Start: 0, End: 100 * time.Millisecond}}
	cases := map[string]struct {
		frame any
		kind  upstream.Kind
		heard int
	}{
		"audio":                     {audioOf(0, "One.", []byte{1, 2}, nil), "", 1},
		"with times":                {audioOf(0, "One.", []byte{1, 2}, words), "", 1},
		"without any news":          {reply{"event": eventAudio, "audio": []byte{1, 2}}, "", 1},
		"more than is known":        {reply{"event": eventAudio, "audio": []byte{1, 2}, "more": reply{"a": []any{1, nil, true}}}, "", 1},
		"audio of no length":        {audioOf(0, "One.", []byte{}, nil), "", 0},
		"no audio":                  {audioOf(0, "One.", nil, words), "", 0},
		"an unknown event":          {reply{"event": "brand_new", "audio": []byte{1, 2}}, "", 0},
		"audio that is a text":      {reply{"event": eventAudio, "audio": "AAAA"}, upstream.Garbled, 0},
		"content of a number":       {reply{"event": eventAudio, "content": 7}, upstream.Garbled, 0},
		"a sequence that is a text": {reply{"event": eventAudio, "chunk_seq": "1"}, upstream.Garbled, 0},
		"times that are a list":     {reply{"event": eventAudio, "alignment": []any{}}, upstream.Garbled, 0},
		"a word that is a number":   {reply{"event": eventAudio, "alignment": reply{"segments": []any{reply{"text": 7}}}}, upstream.Garbled, 0},
		"far too many words":        {reply{"event": eventAudio, "alignment": reply{"segments": make([]segment, maxSegments+1)}}, upstream.Garbled, 0},
		"no event":                  {reply{"audio": []byte{1, 2}}, upstream.Garbled, 0},
		"an event by number":        {reply{"event": 1}, upstream.Garbled, 0},
		"a list":                    {[]any{"event", eventAudio}, upstream.Garbled, 0},
		"a text":                    {"event", upstream.Garbled, 0},
		"an error":                  {reply{"event": eventError, "error": "secret"}, upstream.UpstreamError, 0},
	}
	frames := map[string]upstreamtest.FrameCase{
		"two values": {Frame: string(encode(reply{"event": "x"})) + "\xc0", Kind: upstream.Garbled},
		"half of it": {Frame: string(encode(audioOf(0, "One.", []byte{1, 2}, nil))[:20]), Kind: upstream.Garbled},
		"nothing":    {Kind: upstream.Garbled},
	}
	for name, c := range cases {
		frames[name] = upstreamtest.FrameCase{Frame: string(encode(c.frame)), Kind: c.kind, Frames: c.heard}
	}
	upstreamtest.CheckFrames(t, frames, r.reading)
	if err := (&dialect{}).Frame(r.mux, false, encode(reply{"event": "x"})); err == nil || err.Kind != upstream.Garbled {
		t.Errorf("a text frame: got %v, want garbled", err)
	}
}

func TestAudioFramesAllocateNothing(t *testing.T) {
	r := newReader(t)
	sink := &upstreamtest.Quiet{}
	s := r.open(t, sink)
	frame := encode(audioOf(0, "One.", make([]byte, 9600), nil)) // 200 ms
	upstreamtest.CheckFrameAllocs(t, sink, func() *upstream.Error { return (&dialect{}).Frame(r.mux, true, frame) })
	r.lose(s)
}

// Times come with nearly each frame, and are decoded.
func TestTimesAllocateLittle(t *testing.T) {
	r := newReader(t)
	sink := &upstreamtest.Quiet{}
	s := r.open(t, sink)
	words := make([]upstream.Word, 8)
	for i := range words {
		words[i] = upstream.Word{Text: "word", Start: time.Duration(i) * time.Second, End: time.Duration(i+1) * time.Second}
	}
	frame := encode(audioOf(0, "One.", make([]byte, 9600), words))
	upstreamtest.CheckAllocs(t, 60, func() {
		if err := (&dialect{}).Frame(r.mux, true, frame); err != nil {
			t.Fatal(err)
		}
	})
	r.lose(s)
}

func BenchmarkFrame(b *testing.B) {
	r := newReader(b)
	s := r.open(b, &upstreamtest.Loose{TB: b})
	frame, d := encode(audioOf(0, "One.", make([]byte, 9600), nil)), &dialect{}
	upstreamtest.BenchFrame(b, frame, func() *upstream.Error { return d.Frame(r.mux, true, frame) })
	r.lose(s)
}
