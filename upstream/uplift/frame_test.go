package uplift

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"voicerelay/upstream"
	"voicerelay/upstream/upstreamtest"
	"voicerelay/upstream/vendorsocket"
)

func mustParse(tb testing.TB, raw string) *url.URL {
	tb.Helper()
	u, err := url.Parse(raw)
	if err != nil {
		tb.Fatal(err)
	}
	return u
}

// reader is a test in the place of a socket's reader.
type reader struct {
	*provider
	dialect *dialect
	mux     *vendorsocket.Mux
	sent    chan []byte // what the vendor has got
	n       int
}

func newReader(tb testing.TB, t transport) *reader {
	tb.Helper()
	d := &dialect{transport: t, base: mustParse(tb, upstreamtest.URL)}
	sent := make(chan []byte, 1024)
	tap := upstreamtest.NewTap(tb, d, vendorsocket.PoolConfig{StreamsPerSocket: 100, Linger: time.Nanosecond}, func(c *upstreamtest.Conn) {
		l := connect(c)
		l.say(reply{"type": "ready"}) // for the tap
		for data, open := c.Next(); open; data, open = c.Next() {
			sent <- data
		}
	})
	r := &reader{
		sent:     sent,
		provider: &provider{transport: t, cfg: defaults, Account: vendorsocket.Account{Caps: capabilities(defaults), Pool: tap.Pool}},
		dialect:  d,
	}
	r.open(tb, &loose{Loose: upstreamtest.Loose{TB: tb}}) // its seat keeps the socket
	r.mux = <-tap.Muxes
	return r
}

// open opens a stream on the reader's socket, with two pieces under way, which the vendor has got: a socket that has more to
// send would be given up where a frame wants an answer.
func (r *reader) open(tb testing.TB, sink upstream.Sink) *stream {
	tb.Helper()
	req := request1
	req.ID = fmt.Sprint("c", r.n)
	r.n++
	opened, err := r.Open(tb.Context(), req, sink)
	if err != nil {
		tb.Fatal(err)
	}
	for i := range 2 {
		if err := opened.Speak(tb.Context(), upstream.Piece{ID: i, Text: "x"}); err != nil {
			tb.Fatal(err)
		}
	}
	for last := []byte(req.ID + ".1"); !bytes.Contains(<-r.sent, last); {
	}
	return opened.(*stream)
}

// frame gives the socket a frame, in which ID stands for the stream's id.
func (r *reader) frame(s *stream, data string) *upstream.Error {
	return r.dialect.Frame(r.mux, false, []byte(strings.ReplaceAll(data, "ID", s.id)))
}

// loose is a sink of a vendor that times no words.
type loose struct{ upstreamtest.Loose }

func (l *loose) Words([]upstream.Word) { l.TB.Error("words of a vendor that has none") }

// both are the transports, and how each has a message in a frame.
var both = map[string]struct {
	transport transport
	frame     func(message string) string
}{
	transportWebSocket: {plain{}, func(m string) string { return m }},
	transportSocketIO:  {socketIO{}, func(m string) string { return `42/text-to-speech/multi-stream,["message",` + m + `]` }},
}

// FuzzFrame gives the reader frames of any bytes, three in a row, in the middle of a stream.
func FuzzFrame(f *testing.F) {
	const event = `42/text-to-speech/multi-stream,["message",`
	f.Add(false, `{"type":"audio","requestId":"ID.0","audio":"AAAA","sequence":0}`, `{"type":"audio","requestId":"ID.1","audio":"AAA="}`, `{"type":"audio_end","requestId":"ID.0"}`)
	f.Add(false, `{"type":"audio","requestId":"ID.0","audio":"\u0041"}`, `{"type":"audio","requestId":"ID.0"}`, `{"type":"audio","audio":"AAAA"}`)
	f.Add(false, `{"type":"error","requestId":"ID.1","code":"x"}`, `{"type":"error","requestId":"ID.0","code":3}`, `{"type":"error"}`)
	f.Add(false, `{"type":"audio_end","requestId":"ID.1"}`, `{"type":null}`, "\xff[")
	f.Add(true, event+`{"type":"audio","requestId":"ID.0","audio":"AA"}]`, event+`{"type":"audio_end","requestId":"ID.0"} ]`, `2`)
	f.Add(true, `42/text-to-speech/multi-stream,17["message",{}]`, `42/text-to-speech/multi-stream,["other"]`, `41/text-to-speech/multi-stream,`)
	f.Add(true, `44/text-to-speech/multi-stream,{"message":"x"}`, `40/text-to-speech/multi-stream,{}`, `0{}`)
	f.Add(true, event+`]`, `45/text-to-speech/multi-stream,1-[]`, ``)
	readers := map[bool]*reader{false: newReader(f, plain{}), true: newReader(f, socketIO{})}
	f.Fuzz(func(t *testing.T, packets bool, first, second, third string) {
		sink := &loose{Loose: upstreamtest.Loose{TB: t}}
		r := readers[packets]
		s := r.open(t, sink)
		for _, data := range []string{first, second, third} {
			if err := r.frame(s, data); err != nil {
				upstreamtest.CheckError(t, err, nil)
			}
		}
		if err := s.Close(t.Context(), errStop); err != nil {
			t.Errorf("Close: %v", err)
		}
		if sink.Ends != 1 {
			t.Errorf("got %d ends, want 1", sink.Ends)
		}
	})
}

func TestMessagesThatTheScannerLeaves(t *testing.T) {
	for transport, b := range both {
		t.Run(transport, func(t *testing.T) {
			r := newReader(t, b.transport)
			for name, c := range map[string]struct {
				message string
				kind    upstream.Kind // of the socket's end
				frames  int
			}{
				"the usual":               {`{"type":"audio","requestId":"ID.0","audio":"AAAA","sequence":0}`, "", 1},
				"another order":           {`{"sequence":7,"audio":"AAAA","requestId":"ID.0","type":"audio"}`, "", 1},
				"an escape":               {`{"type":"audio","requestId":"ID.0","audio":"AA\/A"}`, "", 1},
				"a nested member":         {`{"type":"audio","requestId":"ID.0","audio":"AAAA","extra":{"a":[1]}}`, "", 1},
				"no audio":                {`{"type":"audio","requestId":"ID.0","audio":""}`, "", 0},
				"another request":         {`{"type":"audio","requestId":"other","audio":"AAAA"}`, "", 0},
				"the end of another":      {`{"type":"audio_end","requestId":"other"}`, "", 0},
				"the error of another":    {`{"type":"error","requestId":"other","code":"synthesis_failed"}`, "", 0},
				"audio that is missing":   {`{"type":"audio","requestId":"ID.0"}`, upstream.Garbled, 0},
				"audio that is null":      {`{"type":"audio","requestId":"ID.0","audio":null}`, upstream.Garbled, 0},
				"audio that is no string": {`{"type":"audio","requestId":"ID.0","audio":1}`, upstream.Garbled, 0},
				"audio of no request":     {`{"type":"audio","audio":"AAAA"}`, upstream.Garbled, 0},
				"an end of no request":    {`{"type":"audio_end"}`, upstream.Garbled, 0},
				"a request by number":     {`{"type":"audio","requestId":1,"audio":"AAAA"}`, upstream.Garbled, 0},
				"no type":                 {`{"requestId":"ID.0","audio":"AAAA"}`, upstream.Garbled, 0},
				"nothing":                 {`{}`, upstream.Garbled, 0},
				"two messages":            {`{"type":"ready"},{"type":"ready"}`, upstream.Garbled, 0},
				"an unknown type":         {`{"type":"brand_new","requestId":"ID.0"}`, "", 0},
				"one of no request":       {`{"type":"brand_new"}`, "", 0},
				"another ready":           {`{"type":"ready","sessionId":"x"}`, "", 0},
				"a beginning":             {`{"type":"audio_start","requestId":"ID.0","timestamp":1.5}`, "", 0},
			} {
				t.Run(name, func(t *testing.T) { r.check(t, b.frame(c.message), c.kind, c.frames) })
			}
			if err := r.dialect.Frame(r.mux, true, []byte(b.frame(`{"type":"ready"}`))); err == nil || err.Kind != upstream.Garbled {
				t.Errorf("a binary frame: got %v, want garbled", err)
			}
		})
	}
}

// check gives the reader a frame in the middle of a stream.
func (r *reader) check(t *testing.T, frame string, kind upstream.Kind, frames int) {
	t.Helper()
	sink := &loose{Loose: upstreamtest.Loose{TB: t}}
	s := r.open(t, sink)
	err := r.frame(s, frame)
	if (err == nil) != (kind == "") || err != nil && err.Kind != kind {
		t.Errorf("got %v, want %q", err, kind)
	}
	if sink.Frames != frames {
		t.Errorf("got %d frames, want %d", sink.Frames, frames)
	}
	if err := s.Close(t.Context(), errStop); err != nil {
		t.Errorf("Close: %v", err)
	}
}

func TestPackets(t *testing.T) {
	r := newReader(t, socketIO{})
	const ns = "/text-to-speech/multi-stream,"
	const audio = `{"type":"audio","requestId":"ID.0","audio":"AAAA"}`
	for name, c := range map[string]struct {
		packet string
		kind   upstream.Kind // of the socket's end
		frames int
	}{
		"spaces":                      {`42` + ns + ` [ "message" , ` + audio + ` ] `, "", 1},
		"one to be acknowledged":      {`42` + ns + `17["message",` + audio + `]`, "", 1},
		"an event of another name":    {`42` + ns + `["notice",` + audio + `]`, "", 0},
		"an event without a message":  {`42` + ns + `["message"]`, "", 0},
		"an event that is an object":  {`42` + ns + audio, upstream.Garbled, 0},
		"an event without a name":     {`42` + ns + `[]`, upstream.Garbled, 0},
		"an event of no name":         {`42` + ns + `[1,` + audio + `]`, upstream.Garbled, 0},
		"an event of another space":   {`42/elsewhere,["message",` + audio + `]`, upstream.Garbled, 0},
		"an acknowledgment":           {`43` + ns + `17[]`, "", 0},
		"attachments":                 {`451-` + ns + `["message",{"_placeholder":true,"num":0}]`, upstream.Garbled, 0},
		"a heartbeat":                 {`2`, "", 0},
		"an answer":                   {`3`, "", 0},
		"nothing":                     {`6`, "", 0},
		"another welcome":             {`40` + ns + `{"sid":"x"}`, "", 0},
		"the namespace's end":         {`41` + ns, upstream.Dropped, 0},
		"the same, shorter":           {`41` + strings.TrimSuffix(ns, ","), upstream.Dropped, 0},
		"the session's end":           {`1`, upstream.Dropped, 0},
		"a refusal":                   {`44` + ns + `{"message":"Not authorized: secret vendor text"}`, upstream.AuthFailed, 0},
		"a refusal by code":           {`44` + ns + `{"message":"rate_limit_exceeded"}`, upstream.Throttled, 0},
		"a refusal of the name":       {`44` + ns + `{"message":"Invalid namespace"}`, upstream.ConnectFailed, 0},
		"a refusal without JSON":      {`44` + ns + `secret vendor text`, upstream.Garbled, 0},
		"a message without an event":  {audio, upstream.Garbled, 0},
		"an upgrade":                  {`5`, upstream.Garbled, 0},
		"a packet of no known number": {`9`, upstream.Garbled, 0},
	} {
		t.Run(name, func(t *testing.T) { r.check(t, c.packet, c.kind, c.frames) })
	}
}

// audioFrame is a usual message: 200 ms.
func audioFrame(id string) string {
	return fmt.Sprintf(`{"type":"audio","requestId":"%s.0","audio":"%s","sequence":3}`, id, base64.StdEncoding.EncodeToString(make([]byte, 8820)))
}

func TestAudioFramesAllocateNothing(t *testing.T) {
	for transport, b := range both {
		t.Run(transport, func(t *testing.T) {
			r := newReader(t, b.transport)
			sink := &upstreamtest.Quiet{}
			s := r.open(t, sink)
			frame := []byte(b.frame(audioFrame(s.id)))
			upstreamtest.CheckFrameAllocs(t, sink, func() *upstream.Error { return r.dialect.Frame(r.mux, false, frame) })
			_ = s.Close(t.Context(), nil) // its end is of no interest
		})
	}
}

func BenchmarkFrame(b *testing.B) {
	for name, c := range both {
		b.Run(name, func(b *testing.B) {
			r := newReader(b, c.transport)
			s := r.open(b, &loose{Loose: upstreamtest.Loose{TB: b}})
			frame := []byte(c.frame(audioFrame(s.id)))
			upstreamtest.BenchFrame(b, frame, func() *upstream.Error { return r.dialect.Frame(r.mux, false, frame) })
			_ = s.Close(b.Context(), nil) // its end is of no interest
		})
	}
}

// TestEventsAreJSON has texts with all that might break out of an event.
func TestEventsAreJSON(t *testing.T) {
	text := "a \"quote\"], [\\ \u2028 \x00 <b> یہ ایک"
	frame := socketIO{}.wrap(typeSynthesize, encode(synthesize{Type: typeSynthesize, RequestID: "r", Text: text}))
	rest, ok := bytes.CutPrefix(frame, []byte(`42/text-to-speech/multi-stream,`))
	if !ok {
		t.Fatalf("got %s", frame)
	}
	l := line{packets: true}
	o, err := l.decode(rest)
	if err != nil || o.Text != text || o.Type != typeSynthesize {
		t.Errorf("got %+v and %v, want %q", o, err, text)
	}
}
