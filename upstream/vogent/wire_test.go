package vogent

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"

	"voicerelay/audio"
	"voicerelay/upstream"
	"voicerelay/upstream/upstreamtest"
)

// recorder is a provider before a vendor that records frames and says nothing but what the test sends.
type recorder struct {
	*provider
	t      *testing.T
	frames chan string
	conns  chan *upstreamtest.Conn
}

// recorded runs a test in a bubble.
func recorded(t *testing.T, cfg Config, test func(t *testing.T, r *recorder)) {
	synctest.Test(t, func(t *testing.T) {
		r := &recorder{t: t, frames: make(chan string, 1024), conns: make(chan *upstreamtest.Conn, 64)}
		vendor := upstreamtest.NewVendor(func(c *upstreamtest.Conn) {
			r.conns <- c
			for {
				f, ok := c.Next()
				if !ok {
					return
				}
				r.frames <- string(f)
			}
		})
		defer vendor.Close()
		var err error
		env := upstream.Env{URL: upstreamtest.URL + "/", APIKey: "v 1&2", HTTP: vendor.Client(), Log: zerolog.Nop()}
		if r.provider, err = open(cfg, env); err != nil {
			t.Fatal(err)
		}
		test(t, r)
		_ = r.provider.Close() // never fails
	})
}

// open opens a stream, for a request that is changed first.
func (r *recorder) open(change func(*upstream.Request)) (upstream.Stream, *upstreamtest.Sink) {
	r.t.Helper()
	req := request
	change(&req)
	sink := upstreamtest.NewSink(r.t)
	s, err := r.Open(r.t.Context(), req, sink)
	if err != nil {
		r.t.Fatal(err)
	}
	return s, sink
}

func unchanged(*upstream.Request) {}

// speak orders a piece.
func (r *recorder) speak(s upstream.Stream, id int, text string, last bool) {
	r.t.Helper()
	if err := s.Speak(r.t.Context(), upstream.Piece{ID: id, Text: text, Last: last}); err != nil {
		r.t.Fatal(err)
	}
}

// close closes a stream, which must take no time.
func (r *recorder) close(s upstream.Stream, sink *upstreamtest.Sink) {
	r.t.Helper()
	began := time.Now()
	if err := sink.Close(func(cause error) error { return s.Close(r.t.Context(), cause) }, errStop); err != nil {
		r.t.Errorf("Close: %v", err)
	}
	if took := time.Since(began); took != 0 {
		r.t.Errorf("Close took %v, want it not to wait for what never comes", took)
	}
}

var errStop error = &upstream.Error{Kind: upstream.Canceled, Message: "barge-in"}

// want compares the frames since the last time as JSON.
func (r *recorder) want(want ...string) {
	r.t.Helper()
	synctest.Wait()
	var got []string
	for len(r.frames) > 0 {
		got = append(got, <-r.frames)
	}
	if len(got) != len(want) {
		r.t.Errorf("got %d frames %q, want %d", len(got), got, len(want))
		return
	}
	for i := range want {
		var g, w any
		if json.Unmarshal([]byte(got[i]), &g) != nil || json.Unmarshal([]byte(want[i]), &w) != nil || !reflect.DeepEqual(g, w) {
			r.t.Errorf("frame %d: got %s\nwant %s", i, got[i], want[i])
		}
	}
}

// text is a frame with a piece.
func text(id, context, text string) string {
	return fmt.Sprintf(`{"generationId":%q,"contextId":%q,"voiceId":%q,"text":%q,"finalText":true,"cancel":false,
		"sampleRate":24000,"addWordTimestamps":true}`, id, context, mabel, text)
}

// cancel is a frame that stops a piece.
func cancel(id, context string) string {
	return fmt.Sprintf(`{"generationId":%q,"contextId":%q,"voiceId":%q,"text":"","finalText":false,"cancel":true}`, id, context, mabel)
}

func TestFramesOfAGeneration(t *testing.T) {
	recorded(t, defaults(), func(t *testing.T, r *recorder) {
		s, sink := r.open(unchanged)
		r.want()
		r.speak(s, 0, "Hello <laugh> (laughs).", false)
		r.want(text("gen-1.1.0", "gen-1.1", "Hello <laugh> (laughs)."))
		c := <-r.conns
		c.Send(reply{"type": "finished", "generationId": "gen-1.1.0"})
		time.Sleep(time.Hour)
		r.want() // nothing keeps a socket alive but pings
		r.speak(s, 1, " And more.", false)
		r.speak(s, 2, " Still more.", false)
		r.want(text("gen-1.1.1", "gen-1.1", " And more."), text("gen-1.1.2", "gen-1.1", " Still more."))
		r.close(s, sink)
		r.want(cancel("gen-1.1.2", "gen-1.1"), cancel("gen-1.1.1", "gen-1.1")) // the last first
		if got := sink.Heard(); got.Err != errStop || len(got.Pieces) != 1 {
			t.Errorf("got %v and pieces %v, want the cause and the first piece", got.Err, got.Pieces)
		}
	})
}

func TestNothingIsSaidOfAnEmptyEnd(t *testing.T) {
	recorded(t, defaults(), func(t *testing.T, r *recorder) {
		s, sink := r.open(unchanged)
		r.speak(s, 0, "", true)
		<-sink.Ended()
		if got := sink.Heard(); got.Err != nil || len(got.Pieces) != 1 {
			t.Errorf("got %v and pieces %v, want a good end", got.Err, got.Pieces)
		}
		r.close(s, sink)
		r.want()
	})
}

// TestContextsHaveOneSocket has generations of a conversation overlap, on sockets that streams share no further.
func TestContextsHaveOneSocket(t *testing.T) {
	recorded(t, Config{StreamsPerSocket: 1, Idle: time.Minute}, func(t *testing.T, r *recorder) {
		var open []func()
		talk := func(id, conversation string, socket int) {
			s, sink := r.open(func(req *upstream.Request) { req.ID, req.Affinity = id, conversation })
			r.speak(s, 0, "Hi.", true)
			name := fmt.Sprintf("%s.%d.0", id, socket)
			r.want(text(name, contextOf(conversation, socket), "Hi."))
			open = append(open, func() {
				r.close(s, sink)
				r.want(cancel(name, contextOf(conversation, socket)))
			})
		}
		for _, id := range []string{"a", "b", "c", "d"} {
			talk(id, "one", 1)
		}
		talk("e", "two", 2)
		talk("f", "one", 1)
		for _, end := range open {
			end()
		}
		(<-r.conns).Drop()
		synctest.Wait()
		talk("g", "one", 2)
		talk("h", "one", 2) // another socket, and so another context
	})
}

// contextOf is the contextId of a conversation on a socket.
func contextOf(affinity string, socket int) string {
	return fmt.Sprintf("%s.%d", conversation(upstream.Request{ID: "x", Affinity: affinity}), socket)
}

func TestConversationsAreDigests(t *testing.T) {
	long := strings.Repeat("what the client calls it ", 100)
	got := conversation(upstream.Request{ID: "x", Affinity: long})
	if len(got) != 16 || strings.Contains(long, got) {
		t.Errorf("got %q, want 16 digits of a digest", got)
	}
	if other := conversation(upstream.Request{ID: "x", Affinity: long + "."}); other == got {
		t.Errorf("two conversations are both %q", got)
	}
	if got := conversation(upstream.Request{ID: "x"}); got != "x" {
		t.Errorf("without a conversation: got %q, want the stream's own", got)
	}
}

// TestADeadSocketsPiecesAreOrderedAnew has a socket die unseen, or be closed for something that was before: what has
// been sent on it goes to the next under other ids.
func TestADeadSocketsPiecesAreOrderedAnew(t *testing.T) {
	for name, die := range map[string]func(*upstreamtest.Conn){
		"dropped":     (*upstreamtest.Conn).Drop,
		"closed 1000": func(c *upstreamtest.Conn) { c.Close(1000) },
		"closed 1008": func(c *upstreamtest.Conn) { c.Close(1008) },
		"closed 1011": func(c *upstreamtest.Conn) { c.Close(1011) },
	} {
		t.Run(name, func(t *testing.T) {
			recorded(t, defaults(), func(t *testing.T, r *recorder) { diesBetween(r, die) })
		})
	}
}

func diesBetween(r *recorder, die func(*upstreamtest.Conn)) {
	s, sink := r.open(unchanged)
	r.speak(s, 0, "One.", true)
	r.close(s, sink)
	r.want(text("gen-1.1.0", "gen-1.1", "One."), cancel("gen-1.1.0", "gen-1.1"))

	s, sink = r.open(func(req *upstream.Request) { req.ID = "gen-2" })
	r.speak(s, 0, "Two.", true)
	r.want(text("gen-2.1.0", "gen-2.1", "Two."))
	first := <-r.conns
	first.Send(reply{"type": "error", "generationId": "gen-1.1.0", "error": "generation canceled"})
	die(first)
	r.want(text("gen-2.2.0", "gen-2.2", "Two."))
	(<-r.conns).Send(reply{"type": "finished", "generationId": "gen-2.2.0"})
	<-sink.Ended()
	if err := sink.Heard().Err; err != nil {
		r.t.Errorf("End: %v", err)
	}
	r.close(s, sink)
}

func TestHandshakes(t *testing.T) {
	for _, inQuery := range []bool{false, true} {
		cfg := defaults()
		cfg.KeyInQuery = inQuery
		want := "/api/tts/websocket"
		if inQuery {
			want += "?apiKey=v+1%262"
		}
		recorded(t, cfg, func(t *testing.T, r *recorder) {
			s, sink := r.open(unchanged)
			c := <-r.conns
			if got := c.Request.URL.RequestURI(); got != want {
				t.Errorf("dialled %s, want %s", got, want)
			}
			if got := c.Request.Header.Get("Authorization"); got != "Bearer v 1&2" {
				t.Errorf("got Authorization %q", got)
			}
			r.close(s, sink)
		})
	}
}

func TestSampleRates(t *testing.T) {
	for output, want := range map[audio.Format]int{
		{Encoding: audio.PCM16, Rate: 8000}:   8000,
		{Encoding: audio.MuLaw, Rate: 8000}:   8000,
		{Encoding: audio.PCM16, Rate: 16000}:  16000,
		{Encoding: audio.WAV, Rate: 22050}:    22050,
		{Encoding: audio.PCMF32, Rate: 24000}: 24000,
		{Encoding: audio.PCM16, Rate: 44100}:  48000, // the vendor's list has it wrong
		{Encoding: audio.PCM16, Rate: 48000}:  48000,
	} {
		s := new(provider).newStream(upstream.Request{Output: output}, nil)
		if s.rate != want || s.line.clock.Format != (audio.Format{Encoding: audio.PCM16, Rate: want}) {
			t.Errorf("%v: got %d and %v, want %d", output, s.rate, s.line.clock.Format, want)
		}
	}
}

func TestTenantsDoNotMeet(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*upstream.Request)
		shared bool
	}{
		"equal":           {unchanged, true},
		"another voice":   {func(r *upstream.Request) { r.Voice = "other" }, true},
		"another rate":    {func(r *upstream.Request) { r.Output.Rate = 8000 }, true},
		"another tenant":  {func(r *upstream.Request) { r.Tenant = "b" }, false},
		"without tenants": {func(r *upstream.Request) { r.Tenant = "" }, false},
	} {
		t.Run(name, func(t *testing.T) {
			recorded(t, sharing(4), func(t *testing.T, r *recorder) {
				first, firstSink := r.open(unchanged)
				second, secondSink := r.open(func(req *upstream.Request) {
					req.ID = "gen-2"
					c.change(req)
				})
				synctest.Wait()
				if got := len(r.conns); (got == 1) != c.shared {
					t.Errorf("got %d sockets, want them shared: %v", got, c.shared)
				}
				r.close(first, firstSink)
				r.close(second, secondSink)
			})
		})
	}
}

func TestAVoiceIsNeeded(t *testing.T) {
	recorded(t, defaults(), func(t *testing.T, r *recorder) {
		req := request
		req.Voice = ""
		_, err := r.Open(t.Context(), req, upstreamtest.NewSink(t))
		if upstream.KindOf(err) != upstream.Rejected {
			t.Errorf("got %v, want rejected", err)
		}
	})
}

// TestAnErrorStopsTheRest has the second of three pieces fail: what the vendor is still at is stopped by Close.
func TestAnErrorStopsTheRest(t *testing.T) {
	recorded(t, sharing(2), func(t *testing.T, r *recorder) {
		s, sink := r.open(unchanged)
		for i, text := range []string{"One.", "Two.", "Three."} {
			r.speak(s, i, text, i == 2)
		}
		synctest.Wait()
		c := <-r.conns
		c.Send(reply{"type": "error", "generationId": "gen-1.1.1", "error": "rate limit exceeded"})
		c.Send(reply{"type": "chunk", "generationId": "gen-1.1.2", "audio": "AAAAAAAA"})
		synctest.Wait()
		select {
		case <-sink.Ended():
			t.Error("ended before the first piece, which is good")
		default:
		}
		c.Send(reply{"type": "chunk", "generationId": "gen-1.1.0", "audio": "AAAAAAAA"})
		c.Send(reply{"type": "finished", "generationId": "gen-1.1.0"})
		<-sink.Ended()
		h := sink.Heard()
		if upstream.KindOf(h.Err) != upstream.Throttled || len(h.Pieces) != 1 || h.Frames != 1 {
			t.Errorf("got %v, pieces %v and %d frames, want throttled behind one of each", h.Err, h.Pieces, h.Frames)
		}
		for len(r.frames) > 0 {
			<-r.frames
		}
		r.close(s, sink)
		r.want(cancel("gen-1.1.2", "gen-1.1"))
	})
}

// TestAClosedSocketTellsTheErrorBefore has the vendor report an error of the second piece and close behind it, with the
// first still being spoken.
func TestAClosedSocketTellsTheErrorBefore(t *testing.T) {
	recorded(t, defaults(), func(t *testing.T, r *recorder) {
		s, sink := r.open(unchanged)
		r.speak(s, 0, "One.", false)
		r.speak(s, 1, "Two.", true)
		synctest.Wait()
		c := <-r.conns
		c.Send(reply{"type": "error", "generationId": "gen-1.1.1", "error": "insufficient credits"})
		c.Close(1011)
		<-sink.Ended()
		if err := sink.Heard().Err; upstream.KindOf(err) != upstream.NoCredit {
			t.Errorf("End: got %v, want no_credit", err)
		}
		r.close(s, sink)
	})
}

// TestACloseBeforeAnyFrame has the vendor look at the key after the handshake.
func TestACloseBeforeAnyFrame(t *testing.T) {
	for code, want := range map[int]upstream.Kind{1008: upstream.AuthFailed, 1011: upstream.UpstreamError, 1000: upstream.Dropped} {
		recorded(t, defaults(), func(t *testing.T, r *recorder) {
			s, sink := r.open(unchanged)
			(<-r.conns).Close(code)
			<-sink.Ended()
			if err := sink.Heard().Err; upstream.KindOf(err) != want {
				t.Errorf("close code %d: got %v, want %s", code, err, want)
			}
			r.close(s, sink)
		})
	}
}
