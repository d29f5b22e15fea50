package inworld

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"voicerelay/audio"
	"voicerelay/upstream"
	"voicerelay/upstream/upstreamtest"
	"voicerelay/upstream/vendorsocket"
)

type recorder = upstreamtest.Recorder[*provider]

// recorded runs a test in a bubble, before a vendor that records frames.
func recorded(t *testing.T, test func(r *recorder)) {
	t.Helper()
	upstreamtest.Recording[*provider]{
		Open: func(env upstream.Env) (*provider, error) { return open(defaults(), env) },
		Env:  upstream.Env{URL: "/?x=1", APIKey: "aW53b3JsZA=="},
	}.Run(t, test)
}

const (
	opening = `{"create":{"voiceId":"Ashley","modelId":"inworld-tts-2","audioConfig":{"audioEncoding":"PCM","sampleRateHertz":24000},
		"timestampType":"WORD","timestampTransportStrategy":"SYNC","applyTextNormalization":"ON","bufferCharThreshold":1000,
		"autoMode":false},"contextId":"gen-1"}`
	closing = `{"close_context":{},"contextId":"gen-1"}`
	cancel  = `{"cancel_context":{},"contextId":"gen-1"}`
	alive   = `{"send_text":{"text":""},"contextId":"gen-1"}`
)

// text is the message with a text to be spoken.
func text(text string) string {
	return fmt.Sprintf(`{"send_text":{"text":%q,"flush_context":{}},"contextId":"gen-1"}`, text)
}

// audioOf is a frame with so many bytes of audio.
func audioOf(n int) reply {
	return of("gen-1", reply{"audioChunk": reply{"audioContent": base64.StdEncoding.EncodeToString(make([]byte, n))}})
}

func flushCompleted() reply { return of("gen-1", reply{"flushCompleted": reply{}}) }
func contextClosed() reply  { return of("gen-1", reply{"contextClosed": reply{}}) }

// A stream is a context, whose pieces are flushed one by one. It is closed with the last.
func TestMessagesOfAStream(t *testing.T) {
	recorded(t, func(r *recorder) {
		l := r.Open(request)
		time.Sleep(2 * keptAlive)
		r.Want() // there is no context to be kept
		l.MustOrder(false, "One.", " Two.")
		r.Want(opening, text("One."), text(" Two."))
		c := r.Conn()
		if got := c.Request.URL.RequestURI(); got != "/tts/v1/voice:streamBidirectional" {
			r.Errorf("dialled %s", got)
		}
		if got := c.Request.Header.Get("Authorization"); got != "Basic aW53b3JsZA==" {
			r.Errorf("got Authorization %q", got)
		}
		c.Send(audioOf(3))
		c.Send(flushCompleted())
		c.Send(audioOf(4))
		c.Send(flushCompleted())
		synctest.Wait()
		if got := l.Heard(); !slices.Equal(got.Pieces, []int{0, 1}) || !slices.Equal(got.PieceBytes, []int{4, 8}) {
			r.Errorf("pieces %v have ended after %v bytes, want two after 4 and 8", got.Pieces, got.PieceBytes)
		}
		time.Sleep(keptAlive)
		r.Want(alive)
		l.MustOrder(true, " Three.")
		r.Want(text(" Three."), closing)
		c.Send(audioOf(2))
		c.Send(flushCompleted())
		c.Send(contextClosed())
		<-l.Ended()
		if got := l.Heard(); got.Err != nil || len(got.Pieces) != 3 || got.Usage.RequestID != "gen-1" {
			r.Errorf("got %v, pieces %v, id %q", got.Err, got.Pieces, got.Usage.RequestID)
		}
		l.Stop(nil)
		r.Want()
	})
}

// The end may become known after the last words have been sent, and there may be no words at all.
func TestAnEmptyEnd(t *testing.T) {
	recorded(t, func(r *recorder) {
		l := r.Open(request)
		l.MustOrder(false, "One.")
		l.MustOrder(true, "")
		r.Want(opening, text("One."), closing)
		c := r.Conn()
		c.Send(flushCompleted())
		c.Send(contextClosed())
		<-l.Ended()
		l.Stop(nil)
		silent := r.Open(request)
		silent.MustOrder(true, "")
		<-silent.Ended()
		silent.Stop(nil)
		r.Want()
		for _, h := range []upstreamtest.Heard{l.Heard(), silent.Heard()} {
			if h.Err != nil || len(h.Pieces) == 0 {
				r.Errorf("got %v and pieces %v, want a good end", h.Err, h.Pieces)
			}
		}
	})
}

// A long piece goes out in parts that the vendor does not speak unasked, and ends with the last. Times count from each flush.
func TestALongPieceIsFlushedInParts(t *testing.T) {
	first, second := strings.Repeat("word ", 178)+"end. ", "More of it."
	recorded(t, func(r *recorder) {
		l := r.Open(request)
		l.MustOrder(true, first+second)
		r.Want(opening, text(first), text(second), closing)
		c := r.Conn()
		c.Send(audioOf(48000))
		c.Send(flushCompleted())
		word := []upstream.Word{{Text: "More", Start: 100 * time.Millisecond, End: 200 * time.Millisecond}}
		c.Send(of("gen-1", reply{"audioChunk": reply{"timestampInfo": times(word)}}))
		synctest.Wait()
		h := l.Heard()
		if len(h.Pieces) != 0 || len(h.Words) != 1 || h.Words[0].Start != 1100*time.Millisecond || h.Words[0].Piece != 0 {
			r.Errorf("got pieces %v and words %+v, want none and one at 1.1 s", h.Pieces, h.Words)
		}
		c.Send(flushCompleted())
		c.Send(flushCompleted()) // of nothing that is owed
		synctest.Wait()
		if h := l.Heard(); len(h.Pieces) != 1 {
			r.Errorf("got pieces %v, want one", h.Pieces)
		}
		c.Send(contextClosed())
		<-l.Ended()
		l.Stop(nil)
	})
}

var errStop error = &upstream.Error{Kind: upstream.Canceled, Message: "barge-in"}

// stops stops a stream in the middle of its speech, before a vendor that answers each of the messages so.
func stops(t *testing.T, answers map[string]func(c *upstreamtest.Conn), want ...string) {
	t.Helper()
	recorded(t, func(r *recorder) {
		l := r.Open(request)
		other := request
		other.ID = "gen-2"
		neighbor := r.Open(other)
		neighbor.MustOrder(false, "I stay.")
		l.MustOrder(false, "One.", " Two.")
		r.Sent()
		c := r.Conn()
		done := make(chan struct{})
		go func() {
			defer close(done)
			began := time.Now()
			l.StopWithin(time.Second, errStop)
			if took := time.Since(began); took != 0 {
				r.Errorf("Close took %v, want the vendor's word to do", took)
			}
		}()
		for _, message := range want {
			r.Want(message)
			c.Send(audioOf(2))
			answers[message](c)
		}
		<-done
		r.Want()
		if got := l.Heard(); !errors.Is(got.Err, errStop) || got.Frames != 0 {
			r.Errorf("got %v and %d frames, want the cause and none", got.Err, got.Frames)
		}
		select {
		case <-neighbor.Ended():
			r.Errorf("the neighbour has ended: %v", neighbor.Heard().Err)
		default:
		}
		neighbor.Cut()
	})
}

func ends(c *upstreamtest.Conn) { c.Send(contextClosed()) }

func TestACancelIsConfirmed(t *testing.T) {
	stops(t, map[string]func(*upstreamtest.Conn){cancel: ends}, cancel)
}

// A vendor that does not know the command says so in one way or another, and is told to close the context. No other stream on
// the socket ends for that.
func TestACancelIsRefused(t *testing.T) {
	for name, refuse := range map[string]reply{
		"of the context":      fault("gen-1", 12),
		"an internal one":     fault("gen-1", 13),
		"of no context":       {"error": reply{"code": 3, "message": "unknown field cancel_context"}},
		"not implemented":     {"error": reply{"code": 12}},
		"in a result of none": fault("", 3),
	} {
		t.Run(name, func(t *testing.T) {
			refuses := func(c *upstreamtest.Conn) { c.Send(refuse) }
			stops(t, map[string]func(*upstreamtest.Conn){cancel: refuses, closing: ends}, cancel, closing)
		})
	}
}

// A context that is not known any more has ended.
func TestACancelComesTooLate(t *testing.T) {
	unknown := func(c *upstreamtest.Conn) { c.Send(fault("gen-1", notFound)) }
	stops(t, map[string]func(*upstreamtest.Conn){cancel: unknown}, cancel)
	other := func(c *upstreamtest.Conn) { c.Send(fault("gen-1", 9)) }
	stops(t, map[string]func(*upstreamtest.Conn){cancel: other, closing: other}, cancel, closing)
}

// An error of no context that no order to stop explains is the socket's.
func TestAnErrorOfTheSocketIsNoAnswer(t *testing.T) {
	recorded(t, func(r *recorder) {
		l := r.Open(request)
		l.MustOrder(false, "One.")
		r.Sent()
		r.Conn().Send(reply{"error": reply{"code": 3}})
		<-l.Ended()
		if err := l.Heard().Err; upstream.KindOf(err) != upstream.Rejected {
			r.Errorf("got %v, want rejected", err)
		}
		l.Stop(nil)
		r.Want()
	})
}

// What the vendor does not know is the voice or the model, before there has been audio.
func TestNothingIsFound(t *testing.T) {
	recorded(t, func(r *recorder) {
		l := r.Open(request)
		l.MustOrder(false, "One.")
		r.Sent()
		r.Conn().Send(fault("gen-1", notFound))
		<-l.Ended()
		if err := l.Heard().Err; upstream.KindOf(err) != upstream.Rejected {
			r.Errorf("got %v, want rejected", err)
		}
		l.Cut()
		r.Want(cancel)
	})
}

// A context that the vendor closes by itself ends its stream.
func TestAContextIsClosedEarly(t *testing.T) {
	recorded(t, func(r *recorder) {
		l := r.Open(request)
		l.MustOrder(false, "One.")
		r.Sent()
		r.Conn().Send(contextClosed())
		<-l.Ended()
		if h := l.Heard(); upstream.KindOf(h.Err) != upstream.Dropped || len(h.Pieces) != 0 {
			r.Errorf("got %v and pieces %v, want dropped", h.Err, h.Pieces)
		}
		l.Stop(nil)
		r.Want()
	})
}

func TestEverySetting(t *testing.T) {
	p := &provider{model: "inworld-tts-2", Account: vendorsocket.Account{Caps: capabilities(defaults())}}
	req := request
	req.Model, req.Language, req.Speed, req.Normalize = "inworld-tts-1.5-mini", "es-MX", 0.25, false
	req.Output = audio.Format{Encoding: audio.ALaw, Rate: 8000}
	temperature, mode := 0.7, "STABLE"
	req.Options = &options{Temperature: &temperature, DeliveryMode: &mode}
	const want = `{"voiceId":"Ashley","modelId":"inworld-tts-1.5-mini","audioConfig":{"audioEncoding":"ALAW","sampleRateHertz":8000,"speakingRate":0.5},` +
		`"temperature":0.7,"deliveryMode":"STABLE","language":"es-MX","timestampType":"WORD","timestampTransportStrategy":"SYNC",` +
		`"applyTextNormalization":"OFF","bufferCharThreshold":1000,"autoMode":false}`
	if got, _ := json.Marshal(p.newStream(req, nil).create); string(got) != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
}

func TestTenantsDoNotMeet(t *testing.T) {
	recorded(t, func(r *recorder) {
		l := r.Open(request)
		other := request
		other.ID, other.Tenant = "gen-2", "other"
		stranger := r.Open(other)
		r.WantSockets(2, 2)
		l.Stop(nil)
		stranger.Stop(nil)
	})
}

func TestAVoiceIsNeeded(t *testing.T) {
	recorded(t, func(r *recorder) {
		req := request
		req.Voice = ""
		r.WantRejected(req)
	})
}
