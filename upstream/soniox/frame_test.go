package soniox

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
	tap := upstreamtest.NewTap(tb, &dialect{address: upstreamtest.URL}, vendorsocket.PoolConfig{StreamsPerSocket: 6}, upstreamtest.SaysOne)
	r := &reader{provider: &provider{cfg: defaults(), Account: vendorsocket.Account{Caps: capabilities(defaults()), Pool: tap.Pool}}}
	s := r.open(tb, &upstreamtest.Loose{TB: tb})
	r.mux = <-tap.Muxes
	s.leave()
	return r
}

// open opens a stream on the reader's socket, with two pieces under way and a third ordered.
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
	for id := range 3 {
		if _, err := s.order(upstream.Piece{ID: id, Text: "x", Last: id == 2}); err != nil {
			tb.Fatal(err)
		}
	}
	return s
}

// leave gives the seat back without a word to the vendor, which is not there.
func (s *stream) leave() {
	s.Lost(&upstream.Error{Kind: upstream.Dropped})
	s.seat.Leave(true)
}

// frame gives the socket a frame, in which ID stands for the stream's first piece, NEXT and LAST for those after it.
func (r *reader) frame(s *stream, data string) *upstream.Error {
	names := strings.NewReplacer("ID", vendorsocket.JoinID(s.id, 0), "NEXT", vendorsocket.JoinID(s.id, 1), "LAST", vendorsocket.JoinID(s.id, 2))
	return (&dialect{}).Frame(r.mux, false, []byte(names.Replace(data)))
}

// reading is an open stream, for tests of frames.
func (r *reader) reading(t *testing.T, sink *upstreamtest.Loose) upstreamtest.Reading {
	s := r.open(t, sink)
	return upstreamtest.Reading{Frame: func(data string) *upstream.Error { return r.frame(s, data) }, Lose: s.leave}
}

// FuzzFrame gives the reader frames of any bytes, three in a row, in the middle of a stream.
func FuzzFrame(f *testing.F) {
	f.Add(`{"stream_id":"ID","audio":"AAAA"}`,
		`{"stream_id":"ID","timestamps":{"characters":["a"," ","b"],"character_start_times_seconds":[1e300,-5,3],"character_end_times_seconds":[9,9,-9]}}`,
		`{"stream_id":"ID","terminated":true}`)
	f.Add(`{"stream_id":"NEXT","audio":"AA==","audio_end":true}`, `{"stream_id":"NEXT","terminated":true}`, `{"stream_id":"ID","audio_end":true,"terminated":true}`)
	f.Add(`{"stream_id":"ID","audio":"\u0041"}`, `{"stream_id":"ID","audio":null}`, `{"stream_id":3,"audio":"AAAA"}`)
	f.Add(`{"stream_id":"NEXT","error_code":429}`, `{"stream_id":"s0.99999999999999999999","terminated":true}`, `[`)
	f.Add(`{"error_code":401,"error_message":"x"}`, ``, "\xff")
	f.Add(`{"stream_id":"NEXT","audio":"AAAA","timestamps":{"characters":["\ud800"],"character_start_times_seconds":[0]}}`, `{}`, `null`)
	r := newReader(f)
	upstreamtest.FuzzFrames(f, r.reading)
}

func TestFramesThatTheScannerLeaves(t *testing.T) {
	const times = `{"characters":["a"," ","b"],"character_start_times_seconds":[0,0.1,0.2],"character_end_times_seconds":[0.1,0.2,0.3]}`
	r := newReader(t)
	upstreamtest.CheckFrames(t, map[string]upstreamtest.FrameCase{
		"audio":                   {Frame: `{"stream_id":"ID","audio":"AAAA"}`, Frames: 1},
		"members in another way":  {Frame: ` {"audio":"AAAA", "n":1, "terminated":false,"stream_id":"ID"}`, Frames: 1},
		"an escape":               {Frame: `{"stream_id":"ID","audio":"AA\/A"}`, Frames: 1},
		"a nested member":         {Frame: `{"stream_id":"ID","audio":"AAAA","extra":{"a":[1]}}`, Frames: 1},
		"audio with times":        {Frame: `{"stream_id":"ID","audio":"AAAA","timestamps":` + times + `}`, Frames: 1, Words: 1},
		"times alone":             {Frame: `{"stream_id":"ID","timestamps":` + times + `}`, Words: 1},
		"times of null":           {Frame: `{"stream_id":"ID","audio":"AAAA","timestamps":null,"error_code":null}`, Frames: 1},
		"the last audio":          {Frame: `{"stream_id":"ID","audio":"AAAA","audio_end":true}`, Frames: 1},
		"all at once":             {Frame: `{"stream_id":"ID","audio":"AAAA","timestamps":` + times + `,"audio_end":true,"terminated":true}`, Frames: 2, Words: 2, Pieces: 1}, // completed to a sample
		"an early end":            {Frame: `{"stream_id":"ID","terminated":true}`},
		"an end":                  {Frame: `{"stream_id":"ID","audio_end":true,"terminated":true}`, Pieces: 1},
		"a piece ahead":           {Frame: `{"stream_id":"NEXT","audio":"AAAA"}`},
		"an end ahead":            {Frame: `{"stream_id":"NEXT","audio_end":true,"terminated":true}`},
		"an error ahead":          {Frame: `{"stream_id":"NEXT","error_code":429}`},
		"a piece that waits":      {Frame: `{"stream_id":"LAST","audio_end":true,"terminated":true}`},
		"another stream":          {Frame: `{"stream_id":"other.0","audio":"AAAA"}`},
		"another's id":            {Frame: `{"stream_id":"other","audio":"AAAA"}`},
		"another's end":           {Frame: `{"stream_id":"other.0","terminated":true}`},
		"another's error":         {Frame: `{"stream_id":"other.0","error_code":401}`},
		"an unknown frame":        {Frame: `{"stream_id":"ID","brand_new":{"y":1}}`},
		"one of no stream":        {Frame: `{"brand_new":true}`},
		"audio that is no string": {Frame: `{"stream_id":"ID","audio":1}`, Kind: upstream.Garbled},
		"audio of no stream":      {Frame: `{"audio":"AAAA"}`, Kind: upstream.Garbled},
		"an end of no stream":     {Frame: `{"terminated":true}`, Kind: upstream.Garbled},
		"an id that is no string": {Frame: `{"stream_id":1,"terminated":true}`, Kind: upstream.Garbled},
		"an end that is no flag":  {Frame: `{"stream_id":"ID","audio":"AAAA","audio_end":"yes"}`, Kind: upstream.Garbled},
		"times of no numbers":     {Frame: `{"stream_id":"ID","audio":"AAAA","timestamps":{"character_end_times_seconds":["0"]}}`, Kind: upstream.Garbled},
		"a code of no number":     {Frame: `{"stream_id":"ID","error_code":"400"}`, Kind: upstream.Garbled},
		"an error of the socket":  {Frame: `{"error_code":401,"error_message":"x"}`, Kind: upstream.AuthFailed},
		"white space":             {Frame: ` `, Kind: upstream.Garbled},
	}, r.reading)
	if err := (&dialect{}).Frame(r.mux, true, []byte("{}")); err == nil || err.Kind != upstream.Garbled {
		t.Errorf("a binary frame: got %v, want garbled", err)
	}
}

// TestARunawayPieceEndsItsStream holds more of the second piece than there can be, of whatever it is.
func TestARunawayPieceEndsItsStream(t *testing.T) {
	chars, numbers := strings.Repeat(`"x",`, 1<<16)+`"x"`, strings.Repeat("1,", 1<<16)+"1"
	times := `{"characters":[` + chars + `],"character_start_times_seconds":[` + numbers + `],"character_end_times_seconds":[` + numbers + `]}`
	for name, c := range map[string]struct {
		frame string
		least int // frames that fit into the last megabyte
		most  int
	}{
		"audio":       {`{"stream_id":"NEXT","audio":"` + strings.Repeat("AAAA", 1<<18) + `"}`, 0, 1},
		"times":       {`{"stream_id":"NEXT","timestamps":` + times + `}`, 0, 1},
		"many chunks": {`{"stream_id":"NEXT","audio":"AAAA"}`, 1 << 13, 1 << 14},
	} {
		t.Run(name, func(t *testing.T) {
			r := newReader(t)
			sink := &upstreamtest.Loose{TB: t}
			s := r.open(t, sink)
			s.line.held.Take(maxHeld - 1<<20)
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
			s.leave()
		})
	}
}

// audioFrame is a usual frame: 200 ms.
func audioFrame(id string) []byte {
	return fmt.Appendf(nil, `{"stream_id":%q,"audio":%q}`, id, base64.StdEncoding.EncodeToString(make([]byte, 9600)))
}

func TestAudioAllocatesNothing(t *testing.T) {
	r := newReader(t)
	sink := &upstreamtest.Quiet{}
	s := r.open(t, sink)
	frame, d := audioFrame(vendorsocket.JoinID(s.id, 0)), &dialect{}
	upstreamtest.CheckFrameAllocs(t, sink, func() *upstream.Error { return d.Frame(r.mux, false, frame) })
	s.leave()
}

func BenchmarkFrame(b *testing.B) {
	r := newReader(b)
	s := r.open(b, &upstreamtest.Loose{TB: b})
	frame, d := audioFrame(vendorsocket.JoinID(s.id, 0)), &dialect{}
	upstreamtest.BenchFrame(b, frame, func() *upstream.Error { return d.Frame(r.mux, false, frame) })
	s.leave()
}

// timedFrame is 200 ms of audio with the times of its characters.
func timedFrame(id string) []byte {
	const times = `{"characters":["T","h","e"," "],"character_start_times_seconds":[0,0.046,0.093,0.15],"character_end_times_seconds":[0.046,0.093,0.15,0.2]}`
	return fmt.Appendf(nil, `{"stream_id":%q,"audio":%q,"timestamps":%s}`, id, base64.StdEncoding.EncodeToString(make([]byte, 9600)), times)
}

// Characters come timed with most audio.
func TestTimedFramesAllocateLittle(t *testing.T) {
	sink := &upstreamtest.Quiet{}
	r := newReader(t)
	s := r.open(t, sink)
	frame, d := timedFrame(vendorsocket.JoinID(s.id, 0)), &dialect{}
	upstreamtest.CheckAllocs(t, 26, func() {
		if err := d.Frame(r.mux, false, frame); err != nil {
			t.Fatal(err)
		}
	})
	if sink.Timed == 0 || sink.Ends != 0 {
		t.Errorf("the sink had %+v", sink)
	}
	s.leave()
}

func BenchmarkTimedFrame(b *testing.B) {
	r := newReader(b)
	s := r.open(b, &upstreamtest.Quiet{})
	frame, d := timedFrame(vendorsocket.JoinID(s.id, 0)), &dialect{}
	upstreamtest.BenchFrame(b, frame, func() *upstream.Error { return d.Frame(r.mux, false, frame) })
	s.leave()
}
