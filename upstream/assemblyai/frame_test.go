package assemblyai

import (
	"encoding/base64"
	"encoding/json"
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

// greeting is a Begin.
const greeting = `{"type":"Begin","id":"session-1","expires_at":1796000000,"configuration":{"word_boundaries":true,"session_ttl_sec":3600}}`

// reader is a test in the place of a socket's reader.
type reader struct {
	*provider
	mux *vendorsocket.Mux
	n   int
}

func newReader(tb testing.TB) *reader {
	tb.Helper()
	cfg := vendorsocket.PoolConfig{StreamsPerSocket: 1, SharedOnceProven: true, AddressByKey: true, Warm: 1}
	tap := upstreamtest.NewTap(tb, &dialect{base: upstreamtest.URL}, cfg, func(c *upstreamtest.Conn) {
		c.SendRaw([]byte(greeting))
		upstreamtest.SaysOne(c)
	})
	r := &reader{provider: &provider{cfg: defaults(), Account: vendorsocket.Account{Caps: capabilities(defaults()), Pool: tap.Pool}}}
	s := r.open(tb, &upstreamtest.Loose{TB: tb})
	r.mux = <-tap.Muxes
	s.Lost(&upstream.Error{Kind: upstream.Dropped}) // its place is the next one's
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

// busy opens a stream with two pieces ordered, the last of which is the stream's.
func (r *reader) busy(tb testing.TB, sink upstream.Sink) *stream {
	tb.Helper()
	s := r.open(tb, sink)
	for i, text := range []string{"x", "y"} {
		if _, err := s.order(upstream.Piece{ID: i, Text: text, Last: i == 1}); err != nil {
			tb.Fatal(err)
		}
	}
	return s
}

func (r *reader) frame(data string) *upstream.Error {
	return (&dialect{}).Frame(r.mux, false, []byte(data))
}

// reading is a busy stream, for tests of frames.
func (r *reader) reading(t *testing.T, sink *upstreamtest.Loose) upstreamtest.Reading {
	s := r.busy(t, sink)
	if r.mux.Only() != vendorsocket.Member(s) {
		t.Fatal("the stream is on another socket")
	}
	return upstreamtest.Reading{
		Frame: r.frame,
		Lose:  func() { s.Lost(&upstream.Error{Kind: upstream.Dropped}) },
	}
}

// frames gives the socket frames that it must take.
func (r *reader) frames(tb testing.TB, all ...string) {
	tb.Helper()
	for _, data := range all {
		if err := r.frame(data); err != nil {
			tb.Fatal(err)
		}
	}
}

// FuzzFrame gives the reader frames of any bytes, three in a row, in the middle of a stream.
func FuzzFrame(f *testing.F) {
	f.Add(`{"type":"Audio","flush_id":7,"audio":"AAAA"}`, `{"type":"FlushDone","flush_id":7,"audio_duration_ms":80}`,
		`{"type":"WordBoundaries","flush_id":7,"audio_start_ms":1e300,"words":[{"word":"x","start":-5,"end":1e300,"confidence":7}]}`)
	f.Add(`{"type":"FlushDone","flush_id":0}`, `{"type":"FlushDone","flush_id":1,"audio_duration_ms":0}`, `{"type":"Cancelled"}`)
	f.Add(`{"type":"Audio","flush_id":-9223372036854775808,"audio":"AA=="}`, `{"type":"Audio","flush_id":9223372036854775807,"audio":"\u0041"}`, `[`)
	f.Add(`{"type":"Error","error_code":3009,"retry_after_seconds":-1}`, `{"type":"FlushDone"}`, `{"type":"Audio","flush_id":0}`)
	r := newReader(f)
	upstreamtest.FuzzFrames(f, r.reading)
}

func TestFramesThatTheScannerLeaves(t *testing.T) {
	r := newReader(t)
	upstreamtest.CheckFrames(t, map[string]upstreamtest.FrameCase{
		"audio":                     {Frame: `{"type":"Audio","flush_id":3,"audio":"AAAA"}`, Frames: 1},
		"members in another way":    {Frame: ` {"audio":"AAAA", "flush_id":3,"type":"Audio","extra":1}`, Frames: 1},
		"an escape":                 {Frame: `{"type":"Audio","flush_id":3,"audio":"AA\/A"}`, Frames: 1},
		"a nested member":           {Frame: `{"type":"Audio","flush_id":3,"audio":"AAAA","extra":{"a":[1]}}`, Frames: 1},
		"nothing":                   {Frame: `{"type":"Audio","flush_id":3,"audio":""}`},
		"no audio":                  {Frame: `{"type":"Audio","flush_id":3}`, Kind: upstream.Garbled},
		"audio that is a number":    {Frame: `{"type":"Audio","flush_id":3,"audio":1}`, Kind: upstream.Garbled},
		"audio of no request":       {Frame: `{"type":"Audio","audio":"AAAA"}`, Kind: upstream.Garbled},
		"a request with a name":     {Frame: `{"type":"Audio","flush_id":"3","audio":"AAAA"}`, Kind: upstream.Garbled},
		"an end":                    {Frame: `{"type":"FlushDone","flush_id":3,"audio_duration_ms":80}`, Pieces: 1},
		"an end of no request":      {Frame: `{"type":"FlushDone"}`, Kind: upstream.Garbled},
		"words of another stream":   {Frame: `{"type":"WordBoundaries","flush_id":2,"audio_start_ms":0,"words":[{"word":"a","start":0,"end":1}]}`},
		"words of no request":       {Frame: `{"type":"WordBoundaries","words":[]}`, Kind: upstream.Garbled},
		"a frame of no known type":  {Frame: `{"type":"BrandNew","flush_id":{"a":1}}`, Kind: upstream.Garbled},
		"another of no known type":  {Frame: `{"type":"BrandNew","x":{"y":1}}`},
		"a Termination":             {Frame: `{"type":"Termination","session_duration_seconds":1,"total_input_char_length":2,"audio_duration_seconds":1}`},
		"an error":                  {Frame: `{"type":"Error","error_code":3006,"error":"secret"}`, Kind: upstream.Rejected},
		"an error without anything": {Frame: `{"type":"Error"}`, Kind: upstream.UpstreamError},
		"white space":               {Frame: ` `, Kind: upstream.Garbled},
	}, r.reading)
	if err := (&dialect{}).Frame(r.mux, true, []byte("{}")); err == nil || err.Kind != upstream.Garbled {
		t.Errorf("a binary frame: got %v, want garbled", err)
	}
}

func TestGreetings(t *testing.T) {
	d := &dialect{}
	for frame, want := range map[string]struct {
		ready bool
		kind  upstream.Kind
		id    string
		life  time.Duration
	}{
		greeting:           {true, "", "session-1", 55 * time.Minute},
		`{"type":"Begin"}`: {true, "", "", 0},
		`{"type":"Begin","id":7,"configuration":{"session_ttl_sec":400}}`:             {true, "", "", 200 * time.Second},
		`{"type":"Begin","id":"s","configuration":{"session_ttl_sec":-1}}`:            {true, "", "s", 0},
		`{"type":"BrandNew","id":"s"}`:                                                {false, "", "", 0},
		`{"type":"Error","error_code":1008,"error":"secret","retryable":false}`:       {false, upstream.AuthFailed, "", 0},
		`{"type":"Error","error_code":3009,"retryable":true,"retry_after_seconds":9}`: {false, upstream.Throttled, "", 0},
		`[]`: {false, upstream.Garbled, "", 0},
	} {
		reply, ready, err := d.Greet(false, []byte(frame))
		if reply != nil || ready != want.ready || (err == nil) != (want.kind == "") || err != nil && err.Kind != want.kind {
			t.Errorf("%s: got %q, %v, %v; want %v, %q", frame, reply, ready, err, want.ready, want.kind)
		}
		if err != nil && err.Kind == upstream.Throttled && err.RetryAfter != 9*time.Second {
			t.Errorf("%s: to be left alone for %v, want 9s", frame, err.RetryAfter)
		}
		if id, life := d.ConnectionID([]byte(frame)), d.Life([]byte(frame)); id != want.id || life != want.life {
			t.Errorf("%s: got id %q and a life of %v, want %q and %v", frame, id, life, want.id, want.life)
		}
	}
}

// Requests are counted from the first that is heard of, whatever number the vendor gives it, and each one's words count from its
// own first sample.
func TestRequestsAreCountedFromTheFirst(t *testing.T) {
	r := newReader(t)
	sink := &upstreamtest.Loose{TB: t}
	s := r.busy(t, sink)
	odd := base64.StdEncoding.EncodeToString(make([]byte, 47999)) // a second but for a byte
	r.frames(t, `{"type":"WordBoundaries","flush_id":40,"audio_start_ms":0,"words":[{"word":"late","start":0,"end":1}]}`,
		`{"type":"Audio","flush_id":41,"audio":"`+odd+`"}`,
		`{"type":"FlushDone","flush_id":41,"audio_duration_ms":1000}`,
		`{"type":"Audio","flush_id":42,"audio":"AAAA"}`,
		`{"type":"WordBoundaries","flush_id":41,"audio_start_ms":9000,"words":[{"word":"x","start":9250,"end":9500,"confidence":0.5}]}`)
	if fmt.Sprint(sink.Pieces) != "[0]" || sink.Ends != 0 || len(sink.Told) != 1 {
		t.Fatalf("got pieces %v, %d ends, words %v", sink.Pieces, sink.Ends, sink.Told)
	}
	if w := sink.Told[0]; w.Piece != 0 || w.Start != 250*time.Millisecond || w.End != 500*time.Millisecond || w.Score != 0.5 {
		t.Errorf("got %+v, want it from 250 to 500 ms of piece 0", w)
	}
	r.frames(t, `{"type":"FlushDone","flush_id":41,"audio_duration_ms":1000}`, // once more
		`{"type":"FlushDone","flush_id":42,"audio_duration_ms":1}`)
	if fmt.Sprint(sink.Pieces) != "[0 1]" || sink.Ends != 0 {
		t.Fatalf("got pieces %v, %d ends, want two and the last words awaited", sink.Pieces, sink.Ends)
	}
	r.frames(t, `{"type":"WordBoundaries","flush_id":42,"audio_start_ms":10000,"words":[{"word":"y","start":10000,"end":10001}]}`)
	if sink.Ends != 1 || sink.Err != nil || sink.Told[1].Start != time.Second || sink.Told[1].Score != -1 {
		t.Errorf("got %d ends, %v, words %v", sink.Ends, sink.Err, sink.Told)
	}
	if err := s.Close(t.Context(), nil); err != nil {
		t.Error(err)
	}
}

// A request that is named before its turn, or that was never sent, ends the socket.
func TestRequestsComeInTheirTurn(t *testing.T) {
	for name, frames := range map[string][]string{
		"audio of the next":    {`{"type":"Audio","flush_id":1,"audio":"AAAA"}`, `{"type":"Audio","flush_id":2,"audio":"AAAA"}`},
		"the end of the next":  {`{"type":"Audio","flush_id":1,"audio":"AAAA"}`, `{"type":"FlushDone","flush_id":2}`},
		"one that is not sent": {`{"type":"FlushDone","flush_id":1}`, `{"type":"FlushDone","flush_id":2}`, `{"type":"Audio","flush_id":3,"audio":"AAAA"}`},
	} {
		r := newReader(t)
		s := r.busy(t, &upstreamtest.Loose{TB: t})
		r.frames(t, frames[:len(frames)-1]...)
		if err := r.frame(frames[len(frames)-1]); err == nil || err.Kind != upstream.Garbled {
			t.Errorf("%s: got %v, want garbled", name, err)
		}
		s.Lost(&upstream.Error{Kind: upstream.Dropped})
	}
}

// Last words that do not come are waited for half a second; a session without words, and a request without audio, for none.
func TestLastWordsAreAwaited(t *testing.T) {
	for name, c := range map[string]struct {
		begin, done string
		want        time.Duration
	}{
		"they may come":     {greeting, `{"type":"FlushDone","flush_id":0,"audio_duration_ms":80}`, wordsPatience},
		"nothing was said":  {greeting, `{"type":"FlushDone","flush_id":0,"audio_duration_ms":0}`, 0},
		"there are none":    {strings.Replace(greeting, `s":true`, `s":false`, 1), `{"type":"FlushDone","flush_id":0,"audio_duration_ms":80}`, 0},
		"nothing says more": {`{"type":"Begin"}`, `{"type":"FlushDone","flush_id":0}`, wordsPatience},
	} {
		t.Run(name, func(t *testing.T) {
			recording(c.begin).Run(t, func(r *recorder) {
				l := r.Open(testRequest)
				l.MustOrder(true, "Hello.")
				conn := r.Conn()
				conn.SendRaw([]byte(`{"type":"Audio","flush_id":0,"audio":"AAAA"}`))
				conn.SendRaw([]byte(c.done))
				began := time.Now()
				<-l.Ended()
				if took := time.Since(began); took != c.want {
					t.Errorf("the end came after %v, want %v", took, c.want)
				}
				if h := l.Finish(); h.Err != nil || len(h.Pieces) != 1 {
					t.Errorf("got pieces %v and %v", h.Pieces, h.Err)
				}
			})
		})
	}
}

type recorder = upstreamtest.Recorder[*provider]

// recording is a vendor that begins a session, and says no more.
func recording(begin string) upstreamtest.Recording[*provider] {
	return upstreamtest.Recording[*provider]{
		Open:  func(env upstream.Env) (*provider, error) { return open(defaults(), env) },
		Env:   upstream.Env{APIKey: "aa_secret"},
		Greet: func(c *upstreamtest.Conn) { c.SendRaw([]byte(begin)) },
	}
}

// The vendor is sent a Generate and a Flush a piece, and a Cancel where it is at something.
func TestMessages(t *testing.T) {
	recording(greeting).Run(t, func(r *recorder) {
		l := r.Open(testRequest)
		l.MustOrder(false, "Hello there. ", "And more.")
		r.Want(`{"type":"Generate","text":"Hello there. "}`, `{"type":"Flush"}`, `{"type":"Generate","text":"And more."}`, `{"type":"Flush"}`)
		conn := r.Conn()
		if got := conn.Request.Header.Get("Authorization"); got != "aa_secret" {
			t.Errorf("Authorization: %q", got)
		}
		go func() {
			time.Sleep(time.Second)
			conn.SendRaw([]byte(`{"type":"Audio","flush_id":0,"audio":"AAAA"}`)) // late
			conn.SendRaw([]byte(`{"type":"Cancelled","audio_duration_seconds":0.1}`))
		}()
		began := time.Now()
		l.Stop(errStop)
		l.WantStopped(errStop)
		if took := time.Since(began); took != time.Second {
			t.Errorf("Close took %v, want it to wait for the vendor's word", took)
		}
		if got := l.Heard().Usage.RequestID; got != "session-1" {
			t.Errorf("its id is %q, want the session's", got)
		}
		r.Want(`{"type":"Cancel"}`)
		next := r.Open(testRequest)
		next.MustOrder(false, "Again.")
		r.WantSockets(1, 1) // the same
		conn.SendRaw([]byte(`{"type":"Audio","flush_id":3,"audio":"AAAA"}`))
		conn.SendRaw([]byte(`{"type":"FlushDone","flush_id":3,"audio_duration_ms":1}`))
		synctest.Wait()
		next.Stop(errStop) // there is nothing to cancel
		if h := next.Heard(); len(h.Pieces) != 1 || len(h.Audio) != 4 {
			t.Errorf("got pieces %v and %d bytes", h.Pieces, len(h.Audio))
		}
		r.Want(`{"type":"Generate","text":"Again."}`, `{"type":"Flush"}`)
		r.WantSockets(1, 1)
	})
}

var errStop = errors.New("the test has heard enough")

// A stream that waits for text is kept alive, and one that nobody has ordered anything of.
func TestSessionsAreKeptAlive(t *testing.T) {
	recording(greeting).Run(t, func(r *recorder) {
		l := r.Open(testRequest)
		time.Sleep(2*time.Minute + time.Second)
		r.Want(`{"type":"KeepAlive"}`, `{"type":"KeepAlive"}`)
		l.Stop(errStop)
	})
}

// A cancel that nobody asked for ends the stream.
func TestTheVendorMayCancel(t *testing.T) {
	r := newReader(t)
	sink := &upstreamtest.Loose{TB: t}
	s := r.busy(t, sink)
	r.frames(t, `{"type":"Cancelled","audio_duration_seconds":0}`)
	if sink.Ends != 1 || upstream.KindOf(sink.Err) != upstream.Dropped {
		t.Errorf("got %d ends, %v", sink.Ends, sink.Err)
	}
	if err := s.Close(t.Context(), errStop); err != nil {
		t.Error(err)
	}
}

// What the vendor may not have at once waits, a long piece in parts that end it together.
func TestTextBeyondTheLimitWaits(t *testing.T) {
	recording(greeting).Run(t, func(r *recorder) {
		word := strings.Repeat("a", 99) + " "
		l := r.Open(testRequest)
		l.MustOrder(false, strings.Repeat(word, 45), strings.Repeat(word, 35), strings.Repeat(word, 20))
		l.MustOrder(true, "End.")
		var sizes []int
		count := func() []int {
			for _, frame := range r.Sent() {
				var m message
				if err := json.Unmarshal([]byte(frame), &m); err != nil {
					t.Fatal(err)
				}
				if m.Type == typeGenerate {
					sizes = append(sizes, len(m.Text))
				}
			}
			return sizes
		}
		if got := count(); fmt.Sprint(got) != "[2000 2000 500 2000 1500]" || l.Heard().Withheld != 2 {
			t.Fatalf("sent %v, %d kept back", got, l.Heard().Withheld)
		}
		conn := r.Conn()
		done := func(id int) {
			conn.SendRaw(fmt.Appendf(nil, `{"type":"FlushDone","flush_id":%d,"audio_duration_ms":0}`, id))
			synctest.Wait()
		}
		done(5)
		if got := count(); fmt.Sprint(got[5:]) != "[2000]" || len(l.Heard().Pieces) != 0 || l.Heard().Withheld != 1 {
			t.Fatalf("sent %v, %d kept back, ended %v", got, l.Heard().Withheld, l.Heard().Pieces)
		}
		done(6)
		done(7)
		if got := count(); fmt.Sprint(got[6:]) != "[4]" || fmt.Sprint(l.Heard().Pieces) != "[0]" || l.Heard().Withheld != 0 {
			t.Fatalf("sent %v, %d kept back, ended %v", got, l.Heard().Withheld, l.Heard().Pieces)
		}
		for id := 8; id <= 11; id++ {
			done(id)
		}
		if h := l.Finish(); h.Err != nil || fmt.Sprint(h.Pieces) != "[0 1 2 3]" {
			t.Errorf("got pieces %v and %v", h.Pieces, h.Err)
		}
	})
}

// audioFrame is a usual frame: 80 ms.
func audioFrame(id int) []byte {
	return fmt.Appendf(nil, `{"type":"Audio","flush_id":%d,"audio":%q}`, id, base64.StdEncoding.EncodeToString(make([]byte, 3840)))
}

func TestAudioAllocatesNothing(t *testing.T) {
	r := newReader(t)
	sink := &upstreamtest.Quiet{}
	s := r.busy(t, sink)
	frame := audioFrame(12345)
	upstreamtest.CheckFrameAllocs(t, sink, func() *upstream.Error { return (&dialect{}).Frame(r.mux, false, frame) })
	s.Lost(&upstream.Error{Kind: upstream.Dropped})
}

func BenchmarkFrame(b *testing.B) {
	r := newReader(b)
	s := r.busy(b, &upstreamtest.Quiet{})
	frame, d := audioFrame(3), &dialect{}
	upstreamtest.BenchFrame(b, frame, func() *upstream.Error { return d.Frame(r.mux, false, frame) })
	s.Lost(&upstream.Error{Kind: upstream.Dropped})
}
