package elevenlabs

import (
	"context"
	"encoding/base64"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"voicerelay/upstream"
	"voicerelay/upstream/upstreamtest"
	"voicerelay/upstream/vendorsocket"
)

// ended is a context that has ended, for a Close that is not to wait.
func ended() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}

// here is a dialect whose vendor is the test's, whatever the address.
type here struct{ *dialect }

func (here) Address(string) (string, http.Header) { return upstreamtest.URL, nil }

// reader is a test in the place of a socket's reader.
type reader struct {
	*provider
	mux *vendorsocket.Mux
	n   int
}

func newReader(tb testing.TB) *reader {
	tb.Helper()
	d := &dialect{}
	tap := upstreamtest.NewTap(tb, here{d}, vendorsocket.PoolConfig{StreamsPerSocket: 6}, upstreamtest.SaysOne)
	r := &reader{provider: &provider{cfg: defaults(), Account: vendorsocket.Account{Caps: capabilities(defaults()), Pool: tap.Pool}, dialect: d}}
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
	return r.dialect.Frame(r.mux, false, []byte(names.Replace(data)))
}

// reading is an open stream, for tests of frames.
func (r *reader) reading(t *testing.T, sink *upstreamtest.Loose) upstreamtest.Reading {
	s := r.open(t, sink)
	return upstreamtest.Reading{Frame: func(data string) *upstream.Error { return r.frame(s, data) }, Lose: s.leave}
}

// FuzzFrame gives the reader frames of any bytes, three in a row, in the middle of a stream.
func FuzzFrame(f *testing.F) {
	f.Add(`{"audio":"AAAA","isFinal":null,"contextId":"ID","alignment":null,"normalizedAlignment":null}`,
		`{"audio":"AA==","contextId":"ID","alignment":{"chars":["a"," ","b"],"charStartTimesMs":[1e300,-5,3],"charsDurationsMs":[9,9,-9]}}`,
		`{"isFinal":true,"contextId":"ID"}`)
	f.Add(`{"audio":"AA==","context_id":"NEXT"}`, `{"is_final":true,"context_id":"NEXT"}`, `{"audio":null,"isFinal":true,"contextId":"ID"}`)
	f.Add(`{"audio":"\u0041","contextId":"ID"}`, `{"audio":null,"contextId":"ID"}`, `{"audio":"AAAA","contextId":3}`)
	f.Add(`{"audio":"AAAA","contextId":"ID","isFinal":true}`, `{"isFinal":true,"contextId":"s0.99999999999999999999"}`, `[`)
	f.Add(`{"message":"x","error":"quota_exceeded","code":1008}`, ``, "\xff")
	f.Add(`{"audio":"AAAA","contextId":"NEXT","normalizedAlignment":{"chars":["\ud800"],"charsStartTimesMs":[0],"charDurationsMs":[1]}}`, `{}`, `null`)
	r := newReader(f)
	upstreamtest.FuzzFrames(f, r.reading)
}

func TestFramesThatTheScannerLeaves(t *testing.T) {
	const times = `{"chars":["a"," ","b"],"charStartTimesMs":[0,1,2],"charDurationsMs":[1,1,1]}`
	r := newReader(t)
	upstreamtest.CheckFrames(t, map[string]upstreamtest.FrameCase{
		"audio":                     {Frame: `{"audio":"AAAA","isFinal":null,"contextId":"ID"}`, Frames: 1},
		"a later spelling":          {Frame: `{"audio":"AAAA","is_final":false,"context_id":"ID"}`, Frames: 1},
		"an escape":                 {Frame: `{"audio":"AA\/A","contextId":"ID"}`, Frames: 1},
		"a nested member":           {Frame: `{"audio":"AAAA","contextId":"ID","extra":{"a":[1]}}`, Frames: 1},
		"audio with times":          {Frame: `{"audio":"AAAA","contextId":"ID","alignment":` + times + `}`, Frames: 1, Words: 1},
		"times as they are spoken":  {Frame: `{"audio":"AAAA","contextId":"ID","alignment":null,"normalizedAlignment":` + times + `}`, Frames: 1, Words: 1},
		"both times":                {Frame: `{"contextId":"ID","alignment":` + times + `,"normalizedAlignment":` + times + `}`, Words: 1},
		"the last audio":            {Frame: `{"audio":"AAAA","contextId":"ID","isFinal":true,"alignment":` + times + `}`, Frames: 2, Words: 2, Pieces: 1}, // completed to a sample
		"an end":                    {Frame: `{"isFinal":true,"contextId":"ID"}`, Pieces: 1},
		"an end of empty audio":     {Frame: `{"audio":"","isFinal":true,"contextId":"ID"}`, Pieces: 1},
		"an end in another way":     {Frame: `{"audio":null,"is_final":true,"context_id":"ID"}`, Pieces: 1},
		"a piece ahead":             {Frame: `{"audio":"AAAA","contextId":"NEXT"}`},
		"an end ahead":              {Frame: `{"isFinal":true,"contextId":"NEXT"}`},
		"a piece that waits":        {Frame: `{"isFinal":true,"contextId":"LAST"}`},
		"another stream":            {Frame: `{"audio":"AAAA","contextId":"other.0"}`},
		"an id not of ours":         {Frame: `{"audio":"AAAA","contextId":"default"}`},
		"the end of a context":      {Frame: `{"isFinal":true,"contextId":null}`}, // that was not opened
		"noise":                     {Frame: `{"type":"flush_done","contextId":"ID"}`},
		"audio that is no string":   {Frame: `{"audio":1,"contextId":"ID"}`, Kind: upstream.Garbled},
		"audio of no context":       {Frame: `{"audio":"AAAA","isFinal":null}`, Kind: upstream.Garbled},
		"an id that is no string":   {Frame: `{"audio":"AAAA","contextId":1}`, Kind: upstream.Garbled},
		"an end that is no flag":    {Frame: `{"isFinal":"yes","contextId":"ID"}`, Kind: upstream.Garbled},
		"times that are no numbers": {Frame: `{"contextId":"ID","alignment":{"chars":["a"],"charStartTimesMs":["0"]}}`, Kind: upstream.Garbled},
		"an error":                  {Frame: `{"error":"quota_exceeded","message":"x","code":1008}`, Kind: upstream.NoCredit},
		"an error of a context":     {Frame: `{"error":"voice_not_found","contextId":"ID"}`, Kind: upstream.Rejected},
		"a message alone":           {Frame: `{"message":"Invalid API key"}`, Kind: upstream.AuthFailed},
		"a code alone":              {Frame: `{"code":1013}`, Kind: upstream.ConnectFailed},
		"an error with audio":       {Frame: `{"audio":"AAAA","contextId":"ID","error":"system_busy"}`, Kind: upstream.Throttled},
		"white space":               {Frame: ` `, Kind: upstream.Garbled},
	}, r.reading)
	if err := r.dialect.Frame(r.mux, true, []byte("{}")); err == nil || err.Kind != upstream.Garbled {
		t.Errorf("a binary frame: got %v, want garbled", err)
	}
}

// TestARunawayPieceEndsItsStream holds more of the second piece than there can be, of whatever it is.
func TestARunawayPieceEndsItsStream(t *testing.T) {
	chars, numbers := strings.Repeat(`"x",`, 1<<16)+`"x"`, strings.Repeat("1,", 1<<16)+"1"
	for name, c := range map[string]struct {
		frame string
		least int // frames that fit into the last megabyte
		most  int
	}{
		"audio":         {`{"audio":"` + strings.Repeat("AAAA", 1<<18) + `","contextId":"NEXT"}`, 0, 1},
		"times":         {`{"contextId":"NEXT","alignment":{"chars":[` + chars + `],"charStartTimesMs":[` + numbers + `],"charDurationsMs":[` + numbers + `]}}`, 0, 1},
		"many chunks":   {`{"audio":"AAAA","contextId":"NEXT"}`, 1 << 13, 1 << 14},
		"numbers alone": {`{"contextId":"NEXT","alignment":{"chars":["x"],"charStartTimesMs":[` + numbers + `],"charDurationsMs":[` + numbers + `]}}`, 0, 1},
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
	return fmt.Appendf(nil, `{"audio":%q,"isFinal":null,"normalizedAlignment":null,"alignment":null,"contextId":%q}`,
		base64.StdEncoding.EncodeToString(make([]byte, 9600)), id)
}

func TestAudioAllocatesNothing(t *testing.T) {
	r := newReader(t)
	sink := &upstreamtest.Quiet{}
	s := r.open(t, sink)
	frame := audioFrame(vendorsocket.JoinID(s.id, 0))
	upstreamtest.CheckFrameAllocs(t, sink, func() *upstream.Error { return r.dialect.Frame(r.mux, false, frame) })
	s.leave()
}

func BenchmarkFrame(b *testing.B) {
	r := newReader(b)
	s := r.open(b, &upstreamtest.Loose{TB: b})
	frame := audioFrame(vendorsocket.JoinID(s.id, 0))
	upstreamtest.BenchFrame(b, frame, func() *upstream.Error { return r.dialect.Frame(r.mux, false, frame) })
	s.leave()
}

// Two pieces are at the vendor; the third is kept back until one of them has ended, and costs nothing before.
func TestTheThirdPieceIsKeptBack(t *testing.T) {
	r := newReader(t)
	sink := &upstreamtest.Loose{TB: t}
	s := r.open(t, sink)
	if sink.Kept != 1 {
		t.Errorf("%d pieces kept back, want 1", sink.Kept)
	}
	s.final(r.mux, 0)
	if sink.Kept != 0 {
		t.Errorf("%d pieces kept back once one has ended, want 0", sink.Kept)
	}
	if err := s.Close(ended(), nil); err != nil {
		t.Error(err)
	}
	other := &upstreamtest.Loose{TB: t}
	if err := r.open(t, other).Close(ended(), nil); err != nil {
		t.Error(err)
	}
	if sink.Used.Withheld != 0 || other.Used.Withheld != 1 {
		t.Errorf("withheld at the end: %d and %d, want 0 and 1", sink.Used.Withheld, other.Used.Withheld)
	}
}
