package inworld

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
	r := &reader{provider: &provider{model: "m", Account: vendorsocket.Account{Caps: capabilities(defaults()), Pool: tap.Pool}}}
	s := r.open(tb, &upstreamtest.Loose{TB: tb})
	r.mux = <-tap.Muxes
	s.leave()
	return r
}

// open opens a stream on the reader's socket, with two pieces ordered, the last among them.
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
	for id := range 2 {
		if _, err := s.order(upstream.Piece{ID: id, Text: "x", Last: id == 1}); err != nil {
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

// frame gives the socket a frame, in which ID stands for the stream's context.
func (r *reader) frame(s *stream, data string) *upstream.Error {
	return (&dialect{}).Frame(r.mux, false, []byte(strings.ReplaceAll(data, "ID", s.id)))
}

// reading is an open stream, for tests of frames.
func (r *reader) reading(t *testing.T, sink *upstreamtest.Loose) upstreamtest.Reading {
	s := r.open(t, sink)
	return upstreamtest.Reading{Frame: func(data string) *upstream.Error { return r.frame(s, data) }, Lose: s.leave}
}

// FuzzFrame gives the reader frames of any bytes, three in a row, in the middle of a stream.
func FuzzFrame(f *testing.F) {
	f.Add(`{"result":{"contextId":"ID","status":{"code":0,"details":[]},"audioChunk":{"audioContent":"AAAA","usage":{}}}}`,
		`{"result":{"contextId":"ID","audioChunk":{"timestampInfo":{"wordAlignment":{"words":["a","b"],"wordStartTimeSeconds":[1e300,-5],"wordEndTimeSeconds":[0]}}}}}`,
		`{"result":{"contextId":"ID","contextClosed":{}}}`)
	f.Add(`{"result":{"contextId":"ID","audioChunk":{"audioContent":"AA=="}}}`, `{"result":{"contextId":"ID","flushCompleted":{}}}`, `{"result":{"contextId":"ID","flushCompleted":{}}}`)
	f.Add(`{"result":{"contextId":"ID","audioChunk":{"audioContent":"\u0041"}}}`, `{"result":{"contextId":3}}`, `{"result":{"contextId":"ID","audioChunk":[]}}`)
	f.Add(`{"error":{"code":3,"message":"x"}}`, `{"result":{"contextId":"ID","status":{"code":8}}}`, `[`)
	f.Add(`{"result":null,"error":null}`, `{"result":{"status":{"code":5}}}`, "\xff")
	r := newReader(f)
	upstreamtest.FuzzFrames(f, r.reading)
}

func TestFramesThatTheScannerLeaves(t *testing.T) {
	const (
		times = `{"wordAlignment":{"words":["a"," ","b","."],"wordStartTimeSeconds":[0,0.1,0.2,0.3],"wordEndTimeSeconds":[0.1,0.2,0.3,0.3]}}`
		well  = `"status":{"code":0,"message":"","details":[]}`
	)
	result := func(of string) string { return `{"result":{"contextId":"ID",` + well + `,` + of + `}}` }
	r := newReader(t)
	upstreamtest.CheckFrames(t, map[string]upstreamtest.FrameCase{
		"audio":                   {Frame: result(`"audioChunk":{"audioContent":"AAAA","usage":{"processedCharactersCount":3,"modelId":"m"}}`), Frames: 1},
		"members in another way":  {Frame: ` {"result":{"audioChunk":{"audioContent":"AAAA"}, "contextId":"ID"}}`, Frames: 1},
		"an escape":               {Frame: result(`"audioChunk":{"audioContent":"AA\/A"}`), Frames: 1},
		"a nested member":         {Frame: result(`"audioChunk":{"audioContent":"AAAA","extra":{"a":[1]}}`), Frames: 1},
		"one beside it":           {Frame: result(`"extra":[1],"audioChunk":{"audioContent":"AAAA"}`), Frames: 1},
		"audio with times":        {Frame: result(`"audioChunk":{"audioContent":"AAAA","timestampInfo":` + times + `}`), Frames: 1, Words: 2},
		"times alone":             {Frame: result(`"audioChunk":{"timestampInfo":` + times + `}`), Words: 2},
		"empty times":             {Frame: result(`"audioChunk":{"audioContent":"AAAA","timestampInfo":{}}`), Frames: 1},
		"empty audio":             {Frame: result(`"audioChunk":{"audioContent":"","timestampInfo":` + times + `}`), Words: 2},
		"a flush":                 {Frame: result(`"flushCompleted":{}`), Pieces: 1},
		"an end":                  {Frame: result(`"contextClosed":{}`), Pieces: 2},
		"nothing":                 {Frame: result(`"flushCompleted":null,"contextClosed":null`)},
		"a context created":       {Frame: result(`"contextCreated":{"voiceId":"v","audioConfig":{}}`)},
		"a status without a code": {Frame: `{"result":{"contextId":"ID","status":{},"audioChunk":{"audioContent":"AAAA"}}}`, Frames: 1},
		"an error with audio":     {Frame: `{"result":{"contextId":"ID","status":{"code":13},"audioChunk":{"audioContent":"AAAA"}}}`},
		"another stream":          {Frame: `{"result":{"contextId":"other","audioChunk":{"audioContent":"AAAA"}}}`},
		"another's end":           {Frame: `{"result":{"contextId":"other","contextClosed":{}}}`},
		"another's error":         {Frame: `{"result":{"contextId":"other","status":{"code":16}}}`},
		"an unknown frame":        {Frame: `{"brand_new":{"y":1}}`},
		"one of no context":       {Frame: `{"result":{"brand_new":{"y":1}}}`},
		"audio that is no string": {Frame: result(`"audioChunk":{"audioContent":1}`), Kind: upstream.Garbled},
		"a chunk without audio":   {Frame: result(`"audioChunk":{"usage":{}}`), Kind: upstream.Garbled},
		"a chunk that is none":    {Frame: result(`"audioChunk":[]`), Kind: upstream.Garbled},
		"times of no numbers":     {Frame: result(`"audioChunk":{"audioContent":"AAAA","timestampInfo":{"wordAlignment":{"words":1}}}`), Kind: upstream.Garbled},
		"audio of no context":     {Frame: `{"result":{"audioChunk":{"audioContent":"AAAA"}}}`, Kind: upstream.Garbled},
		"a flush of no context":   {Frame: `{"result":{"flushCompleted":{}}}`, Kind: upstream.Garbled},
		"an end of no context":    {Frame: `{"result":{"contextClosed":{}}}`, Kind: upstream.Garbled},
		"an id that is no string": {Frame: `{"result":{"contextId":1,"contextClosed":{}}}`, Kind: upstream.Garbled},
		"an error of the socket":  {Frame: `{"error":{"code":16,"message":"x"}}`, Kind: upstream.AuthFailed},
		"one in a result":         {Frame: `{"result":{"status":{"code":8}}}`, Kind: upstream.Throttled},
		"an error without a word": {Frame: `{"error":{}}`, Kind: upstream.UpstreamError},
		"white space":             {Frame: ` `, Kind: upstream.Garbled},
	}, r.reading)
	if err := (&dialect{}).Frame(r.mux, true, []byte("{}")); err == nil || err.Kind != upstream.Garbled {
		t.Errorf("a binary frame: got %v, want garbled", err)
	}
}

// audioFrame is a usual frame: 200 ms.
func audioFrame(id string) []byte {
	return fmt.Appendf(nil, `{"result":{"contextId":%q,"status":{"code":0,"message":"","details":[]},"audioChunk":{"audioContent":%q,`+
		`"usage":{"processedCharactersCount":31,"modelId":"inworld-tts-2"}}}}`, id, base64.StdEncoding.EncodeToString(make([]byte, 9600)))
}

func TestAudioAllocatesNothing(t *testing.T) {
	r := newReader(t)
	sink := &upstreamtest.Quiet{}
	s := r.open(t, sink)
	frame, d := audioFrame(s.id), &dialect{}
	upstreamtest.CheckFrameAllocs(t, sink, func() *upstream.Error { return d.Frame(r.mux, false, frame) })
	s.leave()
}

func BenchmarkFrame(b *testing.B) {
	r := newReader(b)
	s := r.open(b, &upstreamtest.Loose{TB: b})
	frame, d := audioFrame(s.id), &dialect{}
	upstreamtest.BenchFrame(b, frame, func() *upstream.Error { return d.Frame(r.mux, false, frame) })
	s.leave()
}

// timedFrame is 200 ms of audio with the times of two words.
func timedFrame(id string) []byte {
	return fmt.Appendf(nil, `{"result":{"contextId":%q,"status":{"code":0},"audioChunk":{"audioContent":%q,"timestampInfo":{"wordAlignment":`+
		`{"words":["The"," ","fox","."],"wordStartTimeSeconds":[0,0.1,0.1,0.2],"wordEndTimeSeconds":[0.1,0.1,0.2,0.2]}}}}}`,
		id, base64.StdEncoding.EncodeToString(make([]byte, 9600)))
}

// Words come timed with their audio.
func TestTimedFramesAllocateLittle(t *testing.T) {
	sink := &upstreamtest.Quiet{}
	r := newReader(t)
	s := r.open(t, sink)
	frame, d := timedFrame(s.id), &dialect{}
	upstreamtest.CheckAllocs(t, 25, func() {
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
	frame, d := timedFrame(s.id), &dialect{}
	upstreamtest.BenchFrame(b, frame, func() *upstream.Error { return d.Frame(r.mux, false, frame) })
	s.leave()
}
