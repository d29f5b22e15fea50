package soniox

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
		Env:  upstream.Env{URL: "/?x=1", APIKey: "soniox_secret"},
	}.Run(t, test)
}

// opening is the message that opens a stream of the vendor's.
func opening(id string) string {
	return fmt.Sprintf(`{"stream_id":%q,"model":"tts-rt-v2","language":"en","voice":"Adrian","audio_format":"pcm_s16le",
		"sample_rate":24000,"return_timestamps":true}`, id)
}

// text is the message with all of its text.
func text(id, text string) string {
	return fmt.Sprintf(`{"stream_id":%q,"text":%q,"text_end":true}`, id, text)
}

func cancel(id string) string { return fmt.Sprintf(`{"stream_id":%q,"cancel":true}`, id) }

const alive = `{"keep_alive":true}`

// ends has the vendor end a stream.
func ends(c *upstreamtest.Conn, id string) {
	c.Send(reply{"stream_id": id, "audio_end": true})
	c.Send(reply{"stream_id": id, "terminated": true})
}

// A piece is a stream of the vendor's, and two are at the vendor. A third goes out when one has ended.
func TestMessagesOfAStream(t *testing.T) {
	recorded(t, func(r *recorder) {
		l := r.Open(request)
		r.Want()
		l.MustOrder(false, "One.", " Two.", " Three.")
		r.Want(opening("gen-1.0"), text("gen-1.0", "One."), opening("gen-1.1"), text("gen-1.1", " Two."))
		if got := l.Heard().Withheld; got != 1 {
			r.Errorf("%d pieces are kept back, want 1", got)
		}
		c := r.Conn()
		if got := c.Request.URL.RequestURI(); got != "/tts-websocket" {
			r.Errorf("dialled %s", got)
		}
		if got := c.Request.Header.Get("Authorization"); got != "Bearer soniox_secret" {
			r.Errorf("got Authorization %q", got)
		}
		ends(c, "gen-1.0")
		r.Want(opening("gen-1.2"), text("gen-1.2", " Three."))
		ends(c, "gen-1.2") // before the one before it
		ends(c, "gen-1.1")
		synctest.Wait()
		if got := l.Heard(); !slices.Equal(got.Pieces, []int{0, 1, 2}) || got.Withheld != 0 {
			r.Errorf("pieces %v have ended and %d are kept back", got.Pieces, got.Withheld)
		}
		time.Sleep(keptAlive)
		r.Want(alive)
		l.MustOrder(true, "")
		<-l.Ended()
		l.Stop(nil)
		r.Want()
	})
}

// What is at the vendor is cancelled, the last first, and Close waits for its word.
func TestCloseWaitsForTheVendor(t *testing.T) {
	recorded(t, func(r *recorder) {
		l := r.Open(request)
		l.MustOrder(false, "One.", " Two.", " Three.")
		r.Sent()
		c := r.Conn()
		go func() {
			time.Sleep(100 * time.Millisecond)
			c.Send(reply{"stream_id": "gen-1.1", "terminated": true})
			c.Send(reply{"stream_id": "gen-1.0", "audio": "AAAA"})
			time.Sleep(100 * time.Millisecond)
			c.Send(reply{"stream_id": "gen-1.0", "terminated": true})
		}()
		began := time.Now()
		l.Stop(errStop)
		if took := time.Since(began); took != 200*time.Millisecond {
			r.Errorf("Close took %v, want the 200ms that the vendor took", took)
		}
		r.Want(cancel("gen-1.1"), cancel("gen-1.0"))
		if got := l.Heard(); !errors.Is(got.Err, errStop) || got.Frames != 0 || got.Usage.Withheld != 1 {
			r.Errorf("got %v, %d frames and %d pieces withheld, want the cause, none and 1", got.Err, got.Frames, got.Usage.Withheld)
		}
	})
}

var errStop error = &upstream.Error{Kind: upstream.Canceled, Message: "barge-in"}

// A piece's error waits for the pieces before it, and what the vendor is still at is cancelled then.
func TestAnErrorWaitsForItsTurn(t *testing.T) {
	recorded(t, func(r *recorder) {
		l := r.Open(request)
		l.MustOrder(true, "One.", " Two.", " Three.")
		synctest.Wait()
		c := r.Conn()
		fault(c, "gen-1.1", 429)
		synctest.Wait()
		select {
		case <-l.Ended():
			r.Error("ended before the first piece, which is good")
		default:
		}
		c.Send(reply{"stream_id": "gen-1.0", "audio": "AAAAAAAA"})
		r.Sent()
		ends(c, "gen-1.0")
		<-l.Ended()
		if h := l.Heard(); upstream.KindOf(h.Err) != upstream.Throttled || len(h.Pieces) != 1 || h.Frames != 1 {
			r.Errorf("got %v, pieces %v and %d frames, want throttled after one of each", h.Err, h.Pieces, h.Frames)
		}
		l.Cut()
		r.Sent()
	})
}

// A close that follows an error tells that one.
func TestAClosedSocketTellsTheErrorBefore(t *testing.T) {
	recorded(t, func(r *recorder) {
		l := r.Open(request)
		l.MustOrder(true, "One.", " Two.")
		synctest.Wait()
		c := r.Conn()
		fault(c, "gen-1.1", 402)
		c.Close(1011)
		<-l.Ended()
		if err := l.Heard().Err; upstream.KindOf(err) != upstream.NoCredit {
			r.Errorf("End: got %v, want no_credit", err)
		}
		l.Stop(nil)
	})
}

// A long piece is several streams of the vendor's, whose times count from their own beginnings, and one piece to the sink.
func TestALongPieceIsSeveral(t *testing.T) {
	first, second := strings.Repeat("word ", 199)+"end. ", "More of it."
	recorded(t, func(r *recorder) {
		l := r.Open(request)
		l.MustOrder(true, first+second)
		r.Want(opening("gen-1.0"), text("gen-1.0", first), opening("gen-1.1"), text("gen-1.1", second))
		c := r.Conn()
		c.Send(reply{"stream_id": "gen-1.0", "audio": base64.StdEncoding.EncodeToString(make([]byte, 48000))})
		c.Send(reply{"stream_id": "gen-1.1", "timestamps": table(spelled("More "))})
		ends(c, "gen-1.0")
		synctest.Wait()
		h := l.Heard()
		if len(h.Pieces) != 0 || len(h.Words) != 1 || h.Words[0].Start != time.Second || h.Words[0].Piece != 0 {
			r.Errorf("got pieces %v and words %+v, want none and one a second on", h.Pieces, h.Words)
		}
		ends(c, "gen-1.1")
		<-l.Ended()
		if h := l.Heard(); len(h.Pieces) != 1 || h.Err != nil {
			r.Errorf("got pieces %v and %v, want one and a good end", h.Pieces, h.Err)
		}
		l.Stop(nil)
	})
}

// A character without a sound time is spoken where the one before it ends, so that its word is whole.
func TestUnsoundTimes(t *testing.T) {
	spelling := upstream.Spelling{}
	times := timestamps{Characters: []string{"a", "b", "c", " "}, Starts: []float64{0, -1, 1e9, 3}, Ends: []float64{1, 2, -1, 4}}
	times.spell(&spelling)
	got := spelling.Rest()
	if len(got) != 1 || got[0].Text != "abc" || got[0].Start != 0 || got[0].End != 2*time.Second {
		t.Errorf("got %+v, want abc from 0 to 2 s", got)
	}
}

func TestEverySetting(t *testing.T) {
	p := &provider{cfg: defaults(), Account: vendorsocket.Account{Caps: capabilities(defaults())}}
	for name, tt := range map[string]struct {
		change func(*upstream.Request)
		want   string
	}{
		"plain": {func(*upstream.Request) {}, `{"stream_id":"","model":"tts-rt-v2","language":"en","voice":"Adrian","audio_format":"pcm_s16le",` +
			`"sample_rate":24000,"return_timestamps":true}`},
		"all there is": {func(r *upstream.Request) {
			r.Model, r.Language, r.Speed, r.Output = "tts-rt-v1", "PT-br", 2, audio.Format{Encoding: audio.MuLaw, Rate: 8000}
			reduce := false
			r.Options = &options{ReduceSilence: &reduce}
		}, `{"stream_id":"","model":"tts-rt-v1","language":"pt","voice":"Adrian","audio_format":"pcm_mulaw","sample_rate":8000,"speed":1.3,` +
			`"reduce_silence":false,"return_timestamps":true}`},
	} {
		req := request
		tt.change(&req)
		if got, _ := json.Marshal(p.newStream(req, nil).settings); string(got) != tt.want {
			t.Errorf("%s:\n got %s\nwant %s", name, got, tt.want)
		}
	}
}

func TestAVoiceIsNeeded(t *testing.T) {
	recorded(t, func(r *recorder) {
		req := request
		req.Voice = ""
		r.WantRejected(req)
	})
}
