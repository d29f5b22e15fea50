package rime

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"voicerelay/upstream"
	"voicerelay/upstream/upstreamtest"
	"voicerelay/upstream/vendorsocket"
)

const ready = `{"ready":{"protocol":1,"languages":["en"]}}`

var errStop = errors.New("the test has heard enough")

// reader is a test in the place of the reader of a socket of v1.
type reader struct {
	*provider
	mux *vendorsocket.Mux
	n   int
}

func newReader(tb testing.TB) *reader {
	tb.Helper()
	tap := upstreamtest.NewTap(tb, &v1{address: upstreamtest.URL}, vendorsocket.PoolConfig{StreamsPerSocket: 1000, Warm: 1}, func(c *upstreamtest.Conn) {
		c.SendRaw([]byte(ready))
		upstreamtest.SaysOne(c)
	})
	r := &reader{provider: &provider{cfg: defaults(), Account: vendorsocket.Account{Caps: capabilities(defaults()), Pool: tap.Pool}}}
	r.open(tb, &upstreamtest.Loose{TB: tb})
	r.mux = <-tap.Muxes
	return r
}

// open opens a stream on the reader's socket.
func (r *reader) open(tb testing.TB, sink upstream.Sink) *stream {
	tb.Helper()
	req := testRequest
	req.ID = fmt.Sprint("s", r.n)
	r.n++
	opened, err := r.Open(tb.Context(), req, sink)
	if err != nil {
		tb.Fatal(err)
	}
	return opened.(*stream)
}

// busy opens a stream with three pieces ordered, of which the vendor has two.
func (r *reader) busy(tb testing.TB, sink upstream.Sink) *stream {
	tb.Helper()
	s := r.open(tb, sink)
	for i, text := range []string{"x", "y", "z"} {
		if _, err := s.order(upstream.Piece{ID: i, Text: text, Last: i == 2}); err != nil {
			tb.Fatal(err)
		}
	}
	return s
}

// frame gives the socket a frame, in which ID stands for the stream's first context, NEXT for its second, and LAST for its third.
func (r *reader) frame(s *stream, data string) *upstream.Error {
	for i, name := range []string{"ID", "NEXT", "LAST"} {
		data = strings.ReplaceAll(data, `"`+name+`"`, `"`+vendorsocket.JoinID(s.id, i)+`"`)
	}
	return (&v1{}).Frame(r.mux, false, []byte(data))
}

// frames gives the socket frames that it must take.
func (r *reader) frames(tb testing.TB, s *stream, all ...string) {
	tb.Helper()
	for _, data := range all {
		if err := r.frame(s, data); err != nil {
			tb.Fatal(err)
		}
	}
}

// lose ends a stream without a word to a vendor that is not there.
func lose(s *stream) {
	s.Lost(&upstream.Error{Kind: upstream.Dropped})
	s.seat.Leave(true)
}

// reading is a busy stream, for tests of frames.
func (r *reader) reading(t *testing.T, sink *upstreamtest.Loose) upstreamtest.Reading {
	s := r.busy(t, sink)
	return upstreamtest.Reading{
		Frame: func(data string) *upstream.Error { return r.frame(s, data) },
		Lose:  func() { lose(s) },
	}
}

// FuzzFrame gives the reader frames of any bytes, three in a row, in the middle of a stream.
func FuzzFrame(f *testing.F) {
	f.Add(`{"contextId":"ID","audio":"AAAA"}`, `{"contextId":"NEXT","audio":"AAAA"}`,
		`{"contextId":"ID","done":{"timestamps":{"status":{"code":0},"spans":[{"text":"x","start":"-5s","end":"1e9h"},{"text":"y","start":"0.1s","end":"0.2s"}]}}}`)
	f.Add(`{"contextId":"NEXT","done":{}}`, `{"contextId":"ID","cancelled":{}}`, `{"contextId":"LAST","error":{"kind":"internal"}}`)
	f.Add(`{"contextId":"ID","audio":"\u0041"}`, `{"contextId":"ID","audio":null,"done":{}}`, `{"contextId":3}`)
	f.Add(`{"contextId":"s0.99999999999999999999","done":{}}`, `{"error":{}}`, `[`)
	r := newReader(f)
	upstreamtest.FuzzFrames(f, r.reading)
}

func TestFramesThatTheScannerLeaves(t *testing.T) {
	r := newReader(t)
	const spans = `"spans":[{"text":"a","start":"0s","end":"0.160s"},{"text":"","start":"0s","end":"1s"},{"text":"b","start":"soon","end":"1s"}]`
	upstreamtest.CheckFrames(t, map[string]upstreamtest.FrameCase{
		"audio":                      {Frame: `{"contextId":"ID","audio":"AAAA"}`, Frames: 1},
		"members in another way":     {Frame: ` {"audio":"AAAA", "contextId":"ID","extra":1}`, Frames: 1},
		"an escape":                  {Frame: `{"contextId":"ID","audio":"AA\/A"}`, Frames: 1},
		"a nested member":            {Frame: `{"contextId":"ID","audio":"AAAA","extra":{"a":[1]}}`, Frames: 1},
		"nothing":                    {Frame: `{"contextId":"ID","audio":""}`},
		"audio ahead of its turn":    {Frame: `{"contextId":"NEXT","audio":"AAAA"}`},
		"a context not begun":        {Frame: `{"contextId":"LAST","audio":"AAAA"}`},
		"another stream":             {Frame: `{"contextId":"other.0","audio":"AAAA"}`},
		"another's id":               {Frame: `{"contextId":"other","audio":"AAAA"}`},
		"another's error":            {Frame: `{"contextId":"other.0","error":{"kind":"internal"}}`},
		"audio that is a number":     {Frame: `{"contextId":"ID","audio":1}`, Kind: upstream.Garbled},
		"audio of no context":        {Frame: `{"audio":"AAAA"}`, Kind: upstream.Garbled},
		"an end of no context":       {Frame: `{"done":{}}`, Kind: upstream.Garbled},
		"a start":                    {Frame: `{"contextId":"ID","started":{"requestId":"r"}}`},
		"an end":                     {Frame: `{"contextId":"ID","done":{}}`, Pieces: 1},
		"an end with words":          {Frame: `{"contextId":"ID","done":{"timestamps":{"status":{},` + spans + `}}}`, Pieces: 1, Words: 1},
		"an end with none to be had": {Frame: `{"contextId":"ID","done":{"timestamps":{"status":{"code":12},` + spans + `}}}`, Pieces: 1},
		"an end out of turn":         {Frame: `{"contextId":"NEXT","done":{}}`},
		"ready once more":            {Frame: ready},
		"a message of no known kind": {Frame: `{"contextId":"ID","brandNew":{"x":1}}`},
		"an error of the socket":     {Frame: `{"error":{"kind":"unauthenticated","message":"secret"}}`, Kind: upstream.AuthFailed},
		"an error without a word":    {Frame: `{"contextId":"","error":{}}`, Kind: upstream.UpstreamError},
		"white space":                {Frame: ` `, Kind: upstream.Garbled},
	}, r.reading)
	if err := (&v1{}).Frame(r.mux, true, []byte("{}")); err == nil || err.Kind != upstream.Garbled {
		t.Errorf("a binary frame: got %v, want garbled", err)
	}
}

func TestGreetings(t *testing.T) {
	for frame, want := range map[string]struct {
		ready bool
		kind  upstream.Kind
	}{
		ready:            {true, ""},
		`{"ready":{}}`:   {true, ""},
		`{"brandNew":1}`: {false, ""},
		`{"error":{"kind":"permission_denied","message":"secret"}}`: {false, upstream.AuthFailed},
		`[]`: {false, upstream.Garbled},
	} {
		reply, ready, err := (&v1{}).Greet(false, []byte(frame))
		if reply != nil || ready != want.ready || (err == nil) != (want.kind == "") || err != nil && err.Kind != want.kind {
			t.Errorf("%s: got %q, %v, %v; want %v, %q", frame, reply, ready, err, want.ready, want.kind)
		}
	}
}

// Pieces are heard in their order, whatever the order in which the vendor speaks them, and their words with them.
func TestPiecesAreHeardInOrder(t *testing.T) {
	r := newReader(t)
	sink := &upstreamtest.Loose{TB: t}
	s := r.busy(t, sink)
	if sink.Kept != 1 {
		t.Errorf("%d pieces are kept back, want one", sink.Kept)
	}
	odd := base64.StdEncoding.EncodeToString(make([]byte, 47999)) // a second but for a byte
	r.frames(t, s, `{"contextId":"ID","started":{"requestId":"r-0"}}`, `{"contextId":"NEXT","started":{"requestId":"r-1"}}`,
		`{"contextId":"NEXT","audio":"AAAAAAAA"}`, `{"contextId":"ID","audio":"`+odd+`"}`,
		`{"contextId":"NEXT","done":{"timestamps":{"spans":[{"text":"y","start":"0.250s","end":"0.5s"}]}}}`)
	if sink.Frames != 1 || len(sink.Pieces) != 0 || sink.Kept != 0 {
		t.Errorf("got %d frames, pieces %v, %d kept back; want the first's audio alone, and the third sent", sink.Frames, sink.Pieces, sink.Kept)
	}
	r.frames(t, s, `{"contextId":"ID","done":{}}`)
	if sink.Frames != 3 || fmt.Sprint(sink.Pieces) != "[0 1]" || len(sink.Told) != 1 || s.line.held.Size() != 0 {
		t.Fatalf("got %d frames, pieces %v, words %v, %d bytes held", sink.Frames, sink.Pieces, sink.Told, s.line.held.Size())
	}
	if w := sink.Told[0]; w.Piece != 1 || w.Start != 1250*time.Millisecond || w.End != 1500*time.Millisecond {
		t.Errorf("got %+v, want it from 1.25 to 1.5 s of piece 1", w)
	}
	r.frames(t, s, `{"contextId":"LAST","done":{}}`)
	if sink.Ends != 1 || sink.Err != nil || fmt.Sprint(sink.Pieces) != "[0 1 2]" || sink.Used.RequestID != vendorsocket.JoinID(s.id, 2) {
		t.Errorf("got %d ends, %v, pieces %v, %+v", sink.Ends, sink.Err, sink.Pieces, sink.Used)
	}
}

// An error waits for what comes before it, and tells the vendor's name of what failed.
func TestAnErrorWaitsForItsTurn(t *testing.T) {
	r := newReader(t)
	sink := &upstreamtest.Loose{TB: t}
	s := r.busy(t, sink)
	r.frames(t, s, `{"contextId":"NEXT","started":{"requestId":"r-1"}}`,
		`{"contextId":"NEXT","error":{"kind":"internal","message":"secret","requestId":"r-1"}}`, `{"contextId":"ID","audio":"AAAA"}`)
	if sink.Ends != 0 || sink.Frames != 1 {
		t.Fatalf("got %d ends and %d frames, want the first piece's audio", sink.Ends, sink.Frames)
	}
	r.frames(t, s, `{"contextId":"ID","done":{}}`)
	if sink.Ends != 1 || upstream.KindOf(sink.Err) != upstream.UpstreamError || upstream.RequestIDOf(sink.Err) != "r-1" || sink.Used.RequestID != "r-1" {
		t.Errorf("got %d ends, %v, %+v", sink.Ends, sink.Err, sink.Used)
	}
	lose(s)
}

// What comes ahead of its turn is bounded.
func TestAudioAheadIsBounded(t *testing.T) {
	r := newReader(t)
	sink := &upstreamtest.Loose{TB: t}
	s := r.busy(t, sink)
	chunk := `{"contextId":"NEXT","audio":"` + strings.Repeat("A", 1<<20) + `"}`
	for range maxHeld>>20 - 1 {
		r.frames(t, s, chunk)
	}
	if sink.Ends != 0 {
		t.Fatalf("ended by %v", sink.Err)
	}
	r.frames(t, s, chunk)
	if sink.Ends != 1 || upstream.KindOf(sink.Err) != upstream.Garbled || s.line.held.Size() != 0 {
		t.Errorf("got %d ends, %v, %d bytes held", sink.Ends, sink.Err, s.line.held.Size())
	}
	lose(s)
}

type recorder = upstreamtest.Recorder[*provider]

// recording is a vendor that greets, where it speaks v1, and says no more.
func recording(cfg Config) upstreamtest.Recording[*provider] {
	return upstreamtest.Recording[*provider]{
		Open: func(env upstream.Env) (*provider, error) { return open(cfg, env) },
		Env:  upstream.Env{APIKey: "rime_secret"},
		Greet: func(c *upstreamtest.Conn) {
			if cfg.Protocol == protocolV1 {
				c.SendRaw([]byte(ready))
			}
		},
	}
}

// Each piece is a context that is complete with its start, and what the vendor is at is cancelled, the last first.
func TestContexts(t *testing.T) {
	recording(defaults()).Run(t, func(r *recorder) {
		req := testRequest
		req.Language = "en-US"
		l := r.Open(req)
		l.MustOrder(false, "Hello there. ", "And more.", "And yet more.")
		start := func(piece int, text string) string {
			return fmt.Sprintf(`{"contextId":"gen-1.%d","start":{"language":"en","speaker":"lyra","text":%q,`+
				`"audioParameters":{"audioFormat":"audio/pcm","samplingRate":24000},"timestamps":{"enable":true}}}`, piece, text)
		}
		r.Want(start(0, "Hello there. "), start(1, "And more."))
		conn := r.Conn()
		if got := conn.Request.Header.Get("Sec-WebSocket-Protocol"); got != subprotocol || conn.Request.URL.Path != "/ws" {
			t.Errorf("%q is offered at %s", got, conn.Request.URL)
		}
		conn.SendRaw([]byte(`{"contextId":"gen-1.0","done":{}}`))
		r.Want(start(2, "And yet more."))
		go func() {
			time.Sleep(time.Second / 2)
			conn.SendRaw([]byte(`{"contextId":"gen-1.1","audio":"AAAA"}`)) // late
			conn.SendRaw([]byte(`{"contextId":"gen-1.2","cancelled":{}}`))
			conn.SendRaw([]byte(`{"contextId":"gen-1.1","cancelled":{}}`))
		}()
		began := time.Now()
		l.Stop(errStop)
		l.WantStopped(errStop)
		if took := time.Since(began); took != time.Second/2 || len(l.Heard().Audio) != 0 {
			t.Errorf("Close took %v and brought %d bytes, want it to wait for the vendor's word", took, len(l.Heard().Audio))
		}
		r.Want(`{"contextId":"gen-1.2","cancel":{}}`, `{"contextId":"gen-1.1","cancel":{}}`)
		r.WantSockets(1, 1)
	})
}

// A context that failed leaves the others of its stream to be cancelled.
func TestAfterAnErrorTheRestIsCancelled(t *testing.T) {
	recording(defaults()).Run(t, func(r *recorder) {
		l := r.Open(testRequest)
		l.MustOrder(true, "One.", "Two.")
		r.Sent()
		conn := r.Conn()
		conn.SendRaw([]byte(`{"contextId":"gen-1.0","error":{"kind":"timeout","message":"secret"}}`))
		<-l.Ended()
		l.Stop(errStop)
		r.Want(`{"contextId":"gen-1.1","cancel":{}}`)
		if got := upstream.KindOf(l.Heard().Err); got != upstream.UpstreamError {
			t.Errorf("got %s", got)
		}
		conn.SendRaw([]byte(`{"contextId":"gen-1.1","cancelled":{}}`))
		synctest.Wait()
		if idle, busy := r.Provider.Sockets(); idle != 1 || busy != 0 {
			t.Errorf("got %d idle and %d busy sockets, want the place free", idle, busy)
		}
	})
}

// audioFrame is a usual frame: 200 ms.
func audioFrame(id string) []byte {
	return fmt.Appendf(nil, `{"contextId":%q,"audio":%q}`, id, base64.StdEncoding.EncodeToString(make([]byte, 9600)))
}

func TestAudioAllocatesNothing(t *testing.T) {
	r := newReader(t)
	sink := &upstreamtest.Quiet{}
	s := r.busy(t, sink)
	frame := audioFrame(vendorsocket.JoinID(s.id, 0))
	upstreamtest.CheckFrameAllocs(t, sink, func() *upstream.Error { return (&v1{}).Frame(r.mux, false, frame) })
	lose(s)
}

func BenchmarkFrame(b *testing.B) {
	r := newReader(b)
	s := r.busy(b, &upstreamtest.Quiet{})
	frame, d := audioFrame(vendorsocket.JoinID(s.id, 0)), &v1{}
	upstreamtest.BenchFrame(b, frame, func() *upstream.Error { return d.Frame(r.mux, false, frame) })
	lose(s)
}
