package vogent

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"voicerelay/audio"
	"voicerelay/upstream"
	"voicerelay/upstream/upstreamtest"
)

type recorder = upstreamtest.Recorder[*provider]

// recorded runs a test in a bubble, before a vendor that records frames.
func recorded(t *testing.T, cfg Config, test func(r *recorder)) {
	t.Helper()
	upstreamtest.Recording[*provider]{
		Open: func(env upstream.Env) (*provider, error) { return open(cfg, env) },
		Env:  upstream.Env{URL: "/", APIKey: "v 1&2"},
	}.Run(t, test)
}

// changed is the request with a change.
func changed(change func(*upstream.Request)) upstream.Request {
	req := request
	change(&req)
	return req
}

// stop closes a stream, which must take no time.
func stop(r *recorder, l *upstreamtest.Line) {
	r.Helper()
	began := time.Now()
	l.Stop(errStop)
	if took := time.Since(began); took != 0 {
		r.Errorf("Close took %v, want it not to wait for what never comes", took)
	}
}

var errStop error = &upstream.Error{Kind: upstream.Canceled, Message: "barge-in"}

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
	recorded(t, defaults(), func(r *recorder) {
		l := r.Open(request)
		r.Want()
		l.MustOrder(false, "Hello <laugh> (laughs).")
		r.Want(text("gen-1.1.0", "gen-1.1", "Hello <laugh> (laughs)."))
		c := <-r.Conns
		c.Send(reply{"type": "finished", "generationId": "gen-1.1.0"})
		time.Sleep(time.Hour)
		r.Want() // nothing keeps a socket alive but pings
		l.MustOrder(false, " And more.")
		l.MustOrder(false, " Still more.")
		r.Want(text("gen-1.1.1", "gen-1.1", " And more."), text("gen-1.1.2", "gen-1.1", " Still more."))
		stop(r, l)
		r.Want(cancel("gen-1.1.2", "gen-1.1"), cancel("gen-1.1.1", "gen-1.1")) // the last first
		if got := l.Heard(); !errors.Is(got.Err, errStop) || len(got.Pieces) != 1 {
			r.Errorf("got %v and pieces %v, want the cause and the first piece", got.Err, got.Pieces)
		}
	})
}

func TestNothingIsSaidOfAnEmptyEnd(t *testing.T) {
	recorded(t, defaults(), func(r *recorder) {
		l := r.Open(request)
		l.MustOrder(true, "")
		<-l.Ended()
		if got := l.Heard(); got.Err != nil || len(got.Pieces) != 1 {
			r.Errorf("got %v and pieces %v, want a good end", got.Err, got.Pieces)
		}
		stop(r, l)
		r.Want()
	})
}

// TestContextsHaveOneSocket has generations of a conversation overlap, on sockets that streams share no further.
func TestContextsHaveOneSocket(t *testing.T) {
	recorded(t, Config{StreamsPerSocket: 1, Idle: time.Minute}, func(r *recorder) {
		var open []func()
		talk := func(id, conversation string, socket int) {
			l := r.Open(changed(func(req *upstream.Request) { req.ID, req.Affinity = id, conversation }))
			l.MustOrder(true, "Hi.")
			name := fmt.Sprintf("%s.%d.0", id, socket)
			r.Want(text(name, contextOf(conversation, socket), "Hi."))
			open = append(open, func() {
				stop(r, l)
				r.Want(cancel(name, contextOf(conversation, socket)))
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
		(<-r.Conns).Drop()
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

// TestADeadSocketsPiecesAreOrderedAgain has a socket die unseen, or be closed for something that was before: what has
// been sent on it goes to the next under other ids.
func TestADeadSocketsPiecesAreOrderedAgain(t *testing.T) {
	for name, die := range map[string]func(*upstreamtest.Conn){
		"dropped":     (*upstreamtest.Conn).Drop,
		"closed 1000": func(c *upstreamtest.Conn) { c.Close(1000) },
		"closed 1008": func(c *upstreamtest.Conn) { c.Close(1008) },
		"closed 1011": func(c *upstreamtest.Conn) { c.Close(1011) },
	} {
		t.Run(name, func(t *testing.T) {
			recorded(t, defaults(), func(r *recorder) { diesBetween(r, die) })
		})
	}
}

func diesBetween(r *recorder, die func(*upstreamtest.Conn)) {
	l := r.Open(request)
	l.MustOrder(true, "One.")
	stop(r, l)
	r.Want(text("gen-1.1.0", "gen-1.1", "One."), cancel("gen-1.1.0", "gen-1.1"))

	l = r.Open(changed(func(req *upstream.Request) { req.ID = "gen-2" }))
	l.MustOrder(true, "Two.")
	r.Want(text("gen-2.1.0", "gen-2.1", "Two."))
	first := <-r.Conns
	first.Send(reply{"type": "error", "generationId": "gen-1.1.0", "error": "generation canceled"})
	die(first)
	r.Want(text("gen-2.2.0", "gen-2.2", "Two."))
	(<-r.Conns).Send(reply{"type": "finished", "generationId": "gen-2.2.0"})
	<-l.Ended()
	if err := l.Heard().Err; err != nil {
		r.Errorf("End: %v", err)
	}
	stop(r, l)
}

func TestHandshakes(t *testing.T) {
	for _, inQuery := range []bool{false, true} {
		cfg := defaults()
		cfg.KeyInQuery = inQuery
		want := "/api/tts/websocket"
		if inQuery {
			want += "?apiKey=v+1%262"
		}
		recorded(t, cfg, func(r *recorder) {
			l := r.Open(request)
			c := <-r.Conns
			if got := c.Request.URL.RequestURI(); got != want {
				r.Errorf("dialled %s, want %s", got, want)
			}
			if got := c.Request.Header.Get("Authorization"); got != "Bearer v 1&2" {
				r.Errorf("got Authorization %q", got)
			}
			stop(r, l)
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
		"equal":           {func(*upstream.Request) {}, true},
		"another voice":   {func(r *upstream.Request) { r.Voice = "other" }, true},
		"another rate":    {func(r *upstream.Request) { r.Output.Rate = 8000 }, true},
		"another tenant":  {func(r *upstream.Request) { r.Tenant = "b" }, false},
		"without tenants": {func(r *upstream.Request) { r.Tenant = "" }, false},
	} {
		t.Run(name, func(t *testing.T) {
			recorded(t, sharing(4), func(r *recorder) {
				first := r.Open(request)
				second := r.Open(changed(func(req *upstream.Request) {
					req.ID = "gen-2"
					c.change(req)
				}))
				synctest.Wait()
				if got := len(r.Conns); (got == 1) != c.shared {
					r.Errorf("got %d sockets, want them shared: %v", got, c.shared)
				}
				stop(r, first)
				stop(r, second)
			})
		})
	}
}

func TestAVoiceIsNeeded(t *testing.T) {
	recorded(t, defaults(), func(r *recorder) {
		r.WantRejected(changed(func(req *upstream.Request) { req.Voice = "" }))
	})
}

// TestAnErrorStopsTheRest has the second of three pieces fail: what the vendor is still at is stopped by Close.
func TestAnErrorStopsTheRest(t *testing.T) {
	recorded(t, sharing(2), func(r *recorder) {
		l := r.Open(request)
		for i, text := range []string{"One.", "Two.", "Three."} {
			l.MustOrder(i == 2, text)
		}
		synctest.Wait()
		c := <-r.Conns
		c.Send(reply{"type": "error", "generationId": "gen-1.1.1", "error": "rate limit exceeded"})
		c.Send(reply{"type": "chunk", "generationId": "gen-1.1.2", "audio": "AAAAAAAA"})
		synctest.Wait()
		select {
		case <-l.Ended():
			r.Error("ended before the first piece, which is good")
		default:
		}
		c.Send(reply{"type": "chunk", "generationId": "gen-1.1.0", "audio": "AAAAAAAA"})
		c.Send(reply{"type": "finished", "generationId": "gen-1.1.0"})
		<-l.Ended()
		h := l.Heard()
		if upstream.KindOf(h.Err) != upstream.Throttled || len(h.Pieces) != 1 || h.Frames != 1 {
			r.Errorf("got %v, pieces %v and %d frames, want throttled after one of each", h.Err, h.Pieces, h.Frames)
		}
		r.Sent()
		stop(r, l)
		r.Want(cancel("gen-1.1.2", "gen-1.1"))
	})
}

// TestAClosedSocketTellsTheErrorBefore has the vendor report an error of the second piece and then close, with the
// first still being spoken.
func TestAClosedSocketTellsTheErrorBefore(t *testing.T) {
	recorded(t, defaults(), func(r *recorder) {
		l := r.Open(request)
		l.MustOrder(false, "One.")
		l.MustOrder(true, "Two.")
		synctest.Wait()
		c := <-r.Conns
		c.Send(reply{"type": "error", "generationId": "gen-1.1.1", "error": "insufficient credits"})
		c.Close(1011)
		<-l.Ended()
		if err := l.Heard().Err; upstream.KindOf(err) != upstream.NoCredit {
			r.Errorf("End: got %v, want no_credit", err)
		}
		stop(r, l)
	})
}

// TestACloseBeforeAnyFrame has the vendor look at the key after the handshake.
func TestACloseBeforeAnyFrame(t *testing.T) {
	for code, want := range map[int]upstream.Kind{1008: upstream.AuthFailed, 1011: upstream.UpstreamError, 1000: upstream.Dropped} {
		recorded(t, defaults(), func(r *recorder) {
			l := r.Open(request)
			(<-r.Conns).Close(code)
			<-l.Ended()
			if err := l.Heard().Err; upstream.KindOf(err) != want {
				r.Errorf("close code %d: got %v, want %s", code, err, want)
			}
			stop(r, l)
		})
	}
}
