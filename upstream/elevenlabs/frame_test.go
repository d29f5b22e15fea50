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

// frame gives the socket a frame, in which ID stands for the stream's first piece, NEXT and LAST for those behind it.
func (r *reader) frame(s *stream, data string) *upstream.Error {
	names := strings.NewReplacer("ID", vendorsocket.JoinID(s.id, 0), "NEXT", vendorsocket.JoinID(s.id, 1), "LAST", vendorsocket.JoinID(s.id, 2))
	return r.dialect.Frame(r.mux, false, []byte(names.Replace(data)))
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
	f.Fuzz(func(t *testing.T, first, second, third string) {
		sink := &upstreamtest.Loose{TB: t}
		s := r.open(t, sink)
		for _, data := range []string{first, second, third} {
			if err := r.frame(s, data); err != nil {
				upstreamtest.CheckError(t, err, nil)
			}
		}
		s.leave()
		if sink.Ends != 1 {
			t.Errorf("got %d ends, want 1", sink.Ends)
		}
	})
}

func TestFramesThatTheScannerLeaves(t *testing.T) {
	const times = `{"chars":["a"," ","b"],"charStartTimesMs":[0,1,2],"charDurationsMs":[1,1,1]}`
	r := newReader(t)
	for name, c := range map[string]struct {
		frame  string
		kind   upstream.Kind // of the socket's end
		frames int
		words  int
		pieces int
	}{
		"audio":                     {`{"audio":"AAAA","isFinal":null,"contextId":"ID"}`, "", 1, 0, 0},
		"a later spelling":          {`{"audio":"AAAA","is_final":false,"context_id":"ID"}`, "", 1, 0, 0},
		"an escape":                 {`{"audio":"AA\/A","contextId":"ID"}`, "", 1, 0, 0},
		"a nested member":           {`{"audio":"AAAA","contextId":"ID","extra":{"a":[1]}}`, "", 1, 0, 0},
		"audio with times":          {`{"audio":"AAAA","contextId":"ID","alignment":` + times + `}`, "", 1, 1, 0},
		"times as they are spoken":  {`{"audio":"AAAA","contextId":"ID","alignment":null,"normalizedAlignment":` + times + `}`, "", 1, 1, 0},
		"both times":                {`{"contextId":"ID","alignment":` + times + `,"normalizedAlignment":` + times + `}`, "", 0, 1, 0},
		"the last audio":            {`{"audio":"AAAA","contextId":"ID","isFinal":true,"alignment":` + times + `}`, "", 2, 2, 1}, // completed to a sample
		"an end":                    {`{"isFinal":true,"contextId":"ID"}`, "", 0, 0, 1},
		"an end of empty audio":     {`{"audio":"","isFinal":true,"contextId":"ID"}`, "", 0, 0, 1},
		"an end in another way":     {`{"audio":null,"is_final":true,"context_id":"ID"}`, "", 0, 0, 1},
		"a piece ahead":             {`{"audio":"AAAA","contextId":"NEXT"}`, "", 0, 0, 0},
		"an end ahead":              {`{"isFinal":true,"contextId":"NEXT"}`, "", 0, 0, 0},
		"a piece that waits":        {`{"isFinal":true,"contextId":"LAST"}`, "", 0, 0, 0},
		"another stream":            {`{"audio":"AAAA","contextId":"other.0"}`, "", 0, 0, 0},
		"an id not of ours":         {`{"audio":"AAAA","contextId":"default"}`, "", 0, 0, 0},
		"the end of a context":      {`{"isFinal":true,"contextId":null}`, "", 0, 0, 0}, // that nobody opened
		"noise":                     {`{"type":"flush_done","contextId":"ID"}`, "", 0, 0, 0},
		"audio that is no string":   {`{"audio":1,"contextId":"ID"}`, upstream.Garbled, 0, 0, 0},
		"audio of no context":       {`{"audio":"AAAA","isFinal":null}`, upstream.Garbled, 0, 0, 0},
		"an id that is no string":   {`{"audio":"AAAA","contextId":1}`, upstream.Garbled, 0, 0, 0},
		"an end that is no flag":    {`{"isFinal":"yes","contextId":"ID"}`, upstream.Garbled, 0, 0, 0},
		"times that are no numbers": {`{"contextId":"ID","alignment":{"chars":["a"],"charStartTimesMs":["0"]}}`, upstream.Garbled, 0, 0, 0},
		"an error":                  {`{"error":"quota_exceeded","message":"x","code":1008}`, upstream.NoCredit, 0, 0, 0},
		"an error of a context":     {`{"error":"voice_not_found","contextId":"ID"}`, upstream.Rejected, 0, 0, 0},
		"a message alone":           {`{"message":"Invalid API key"}`, upstream.AuthFailed, 0, 0, 0},
		"a code alone":              {`{"code":1013}`, upstream.ConnectFailed, 0, 0, 0},
		"an error with audio":       {`{"audio":"AAAA","contextId":"ID","error":"system_busy"}`, upstream.Throttled, 0, 0, 0},
		"white space":               {` `, upstream.Garbled, 0, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			sink := &upstreamtest.Loose{TB: t}
			s := r.open(t, sink)
			err := r.frame(s, c.frame)
			if (err == nil) != (c.kind == "") || err != nil && err.Kind != c.kind {
				t.Errorf("got %v, want %q", err, c.kind)
			}
			if sink.Frames != c.frames || len(sink.Told) != c.words || len(sink.Pieces) != c.pieces {
				t.Errorf("got %d frames, %d words and %d ends of pieces, want %d, %d and %d",
					sink.Frames, len(sink.Told), len(sink.Pieces), c.frames, c.words, c.pieces)
			}
			s.leave()
		})
	}
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
			s.line.held = maxHeld - 1<<20
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
	sink := &upstreamtest.Loose{TB: t}
	s := r.open(t, sink)
	frame := audioFrame(vendorsocket.JoinID(s.id, 0))
	allocs := testing.AllocsPerRun(100, func() {
		if err := r.dialect.Frame(r.mux, false, frame); err != nil {
			t.Fatal(err)
		}
	})
	if allocs != 0 {
		t.Errorf("got %v allocations a frame, want 0", allocs)
	}
	if sink.Frames == 0 {
		t.Error("no frame reached the sink")
	}
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
