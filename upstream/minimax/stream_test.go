package minimax

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"voicerelay/audio"
	"voicerelay/upstream"
	"voicerelay/upstream/upstreamtest"
)

const testKey = "sk-minimax-secret"

var errStop = errors.New("barge-in")

// record runs a test before a vendor that starts sessions and says nothing else by itself.
func record(t *testing.T, test func(r *upstreamtest.Recorder[*provider])) {
	t.Helper()
	upstreamtest.Recording[*provider]{
		Open: func(env upstream.Env) (*provider, error) { return open(defaults(), env) },
		Env:  upstream.Env{Name: "minimax", APIKey: testKey},
		Greet: func(c *upstreamtest.Conn) {
			c.Send(says(eventConnected, nil, 0))
			c.Send(says(eventStarted, nil, 0))
		},
	}.Run(t, test)
}

const (
	plainStart = `{"event":"task_start","model":"speech-2.8-turbo","voice_setting":{"voice_id":"English_Graceful_Lady","english_normalization":true},` +
		`"audio_setting":{"sample_rate":24000,"format":"pcm","channel":1}}`
	flush  = `{"event":"task_flush"}`
	cancel = `{"event":"task_cancel"}`
)

func told(text string) string { return fmt.Sprintf(`{"event":"task_continue","text":%q}`, text) }

// The session is started with all that its streams have in common, and a piece is a text with a flush behind it.
func TestWhatIsSent(t *testing.T) {
	record(t, func(r *upstreamtest.Recorder[*provider]) {
		l := r.Open(testRequest)
		c := r.Conn()
		if got := c.Request.URL.Path; got != "/ws/v1/t2a_v2_bidi" {
			t.Errorf("path: got %s", got)
		}
		if got := c.Request.Header.Get("Authorization"); got != "Bearer "+testKey {
			t.Errorf("Authorization: got %s", got)
		}
		r.Want(plainStart)
		l.MustOrder(false, "One.", "Two.")
		l.MustOrder(true, "")
		r.Want(told("One."), flush, told("Two."), flush)
		c.Send(says(eventFlushed, nil, 0))
		c.Send(says(eventFlushed, nil, 0))
		if h := l.Finish(); h.Err != nil || len(h.Pieces) != 3 {
			t.Errorf("got %+v", h)
		}

		req := testRequest
		req.Model, req.Language, req.Speed, req.Normalize, req.Output = "speech-2.6-hd", "de-DE", 3, false, audio.Format{Encoding: audio.MuLaw, Rate: 8000}
		volume, pitch, emotion := 1.5, int64(-2), "calm"
		req.Options = &options{Volume: &volume, Pitch: &pitch, Emotion: &emotion, Pronunciation: []string{"omg/oh my god"}}
		other := r.Open(req)
		r.Want(`{"event":"task_start","model":"speech-2.6-hd","voice_setting":{"voice_id":"English_Graceful_Lady","speed":2,"vol":1.5,"pitch":-2,` +
			`"emotion":"calm"},"audio_setting":{"sample_rate":8000,"format":"pcm","channel":1},"language_boost":"German",` +
			`"pronunciation_dict":{"tone":["omg/oh my god"]}}`)
		r.WantSockets(2, 2)
		other.Cut()

		req = testRequest
		req.Voice = ""
		r.WantRejected(req)
	})
}

// A socket serves one stream after another, once the cancel of the one before is confirmed; until then, and where it is never
// confirmed, the next stream has another.
func TestASocketIsUsedAgainOnceConfirmed(t *testing.T) {
	record(t, func(r *upstreamtest.Recorder[*provider]) {
		l := r.Open(testRequest)
		c := r.Conn()
		l.MustOrder(false, "One.")
		c.Send(audioOf(make([]byte, 4800)))
		r.Want(plainStart, told("One."), flush)
		go func() {
			r.Want(cancel) // waits for the bubble
			c.Send(audioOf(make([]byte, 4800)))
			c.Send(says(eventFlushed, nil, 0))
			c.Send(says(eventCanceled, nil, 0))
		}()
		l.Stop(errStop)
		l.WantStopped(errStop)
		if h := l.Heard(); len(h.Audio) != 4800 || len(h.Pieces) != 0 || h.Usage.RequestID != "connect-1/trace-1" {
			t.Errorf("got %d bytes, pieces %v, usage %+v", len(h.Audio), h.Pieces, h.Usage)
		}

		next := r.Open(testRequest)
		next.MustOrder(true, "Two.")
		r.Want(told("Two."), flush)
		c.Send(audioOf(make([]byte, 2400)))
		c.Send(says(eventFlushed, nil, 0))
		if h := next.Finish(); h.Err != nil || len(h.Audio) != 2400 || !slices.Equal(h.Pieces, []int{0}) {
			t.Errorf("the next stream: got %+v", h)
		}
		r.WantSockets(1, 1)

		deaf := r.Open(testRequest)
		deaf.MustOrder(false, "Three.")
		deaf.StopWithin(time.Second, errStop)
		r.Want(told("Three."), flush, cancel)
		r.WantSockets(1, 0)
	})
}

// A text that was left out is sent again in its order, and what comes meanwhile waits behind it.
func TestWhatWasLeftOutIsSentAgain(t *testing.T) {
	record(t, func(r *upstreamtest.Recorder[*provider]) {
		l := r.Open(testRequest)
		c := r.Conn()
		l.MustOrder(false, "One.", "Two.", "Three.")
		r.Want(plainStart, told("One."), flush, told("Two."), flush, told("Three."), flush)
		c.Send(says(eventFailed, nil, codeQueued))
		c.Send(says(eventFailed, nil, codeQueued))
		c.Send(audioOf(make([]byte, 4800)))
		c.Send(says(eventFlushed, nil, 0)) // One
		c.Send(says(eventFlushed, nil, 0)) // nothing of Two
		time.Sleep(10 * time.Millisecond)
		l.MustOrder(false, "Four.")
		c.Send(says(eventFlushed, nil, 0)) // nothing of Three
		r.Want()
		if h := l.Heard(); h.Withheld != 3 || !slices.Equal(h.Pieces, []int{0}) {
			t.Errorf("%d pieces are kept back and %v have ended", h.Withheld, h.Pieces)
		}
		time.Sleep(again)
		r.Want(told("Two."), flush, told("Three."), flush, told("Four."), flush)
		for range 3 {
			c.Send(audioOf(make([]byte, 4800)))
			c.Send(says(eventFlushed, nil, 0))
		}
		r.Want()
		l.MustOrder(true, "")
		if h := l.Finish(); h.Err != nil || h.Withheld != 0 || !slices.Equal(h.PieceBytes, []int{4800, 9600, 14400, 19200, 19200}) {
			t.Errorf("got %+v", h)
		}
	})
}

// What is spoken after a text that was left out can't wait for it, so the stream fails, as it does where a text is left out
// again and again.
func TestLeftOutForGood(t *testing.T) {
	record(t, func(r *upstreamtest.Recorder[*provider]) {
		l := r.Open(testRequest)
		c := r.Conn()
		l.MustOrder(false, "One.", "Two.")
		c.Send(says(eventFailed, nil, codeQueued))
		c.Send(says(eventFlushed, nil, 0)) // nothing of One
		c.Send(audioOf(make([]byte, 4800)))
		if h := l.Finish(); upstream.KindOf(h.Err) != upstream.Throttled || len(h.Audio) != 0 {
			t.Errorf("out of order: got %v after %d bytes", h.Err, len(h.Audio))
		}

		l = r.Open(testRequest)
		c = r.Conn()
		l.MustOrder(false, "One.")
		for range mostTries + 1 {
			c.Send(says(eventFailed, nil, codeQueued))
			c.Send(says(eventFlushed, nil, 0))
			time.Sleep(2 * again)
		}
		h := l.Finish()
		if upstream.KindOf(h.Err) != upstream.Throttled || h.Usage.Withheld != 0 {
			t.Errorf("again and again: got %v, %+v", h.Err, h.Usage)
		}
	})
}

// A wrong key is told instead of the session's start, with the vendor's name of the request.
func TestRefusedSession(t *testing.T) {
	for when, greeting := range map[string]string{"at once": eventConnected, "for the start": eventFailed} {
		t.Run(when, func(t *testing.T) {
			upstreamtest.Recording[*provider]{
				Open: func(env upstream.Env) (*provider, error) { return open(defaults(), env) },
				Env:  upstream.Env{Name: "minimax", APIKey: testKey},
				Greet: func(c *upstreamtest.Conn) {
					if greeting == eventFailed {
						c.Send(says(eventConnected, nil, 0))
					}
					c.Send(says(greeting, nil, 1004))
				},
			}.Run(t, func(r *upstreamtest.Recorder[*provider]) {
				_, err := upstreamtest.OpenLine(r.T, r.Provider, testRequest, testKey)
				if upstream.KindOf(err) != upstream.AuthFailed || upstream.RequestIDOf(err) != "trace-1" {
					t.Errorf("got %v with id %q", err, upstream.RequestIDOf(err))
				}
			})
		})
	}
}

// The characters that the vendor charges for are told where it has said so of all that it was sent.
func TestCharactersAreTold(t *testing.T) {
	final := func(extra any) reply {
		return says(eventAudio, reply{"data": reply{"audio": "0000"}, "is_final": true, "extra_info": extra}, 0)
	}
	counted := func(n any) reply { return final(reply{"usage_characters": n}) }
	flushed, early := says(eventFlushed, nil, 0), audioOf(make([]byte, 2))
	early["extra_info"] = reply{"usage_characters": 7}
	alone := says(eventAudio, reply{"data": nil, "is_final": true, "extra_info": reply{"usage_characters": 7}}, 0)
	for name, c := range map[string]struct {
		frames []reply // of two pieces
		want   int64
	}{
		"of each":             {[]reply{counted(7), flushed, counted(9), flushed}, 16},
		"of each sentence":    {[]reply{counted(7), counted(2), flushed, counted(9), flushed}, 18},
		"on each frame":       {[]reply{early, early, counted(7), flushed, early, counted(7), flushed}, 14},
		"on a frame of its":   {[]reply{audioOf(make([]byte, 2)), alone, flushed, alone, flushed}, 14},
		"of the first alone":  {[]reply{counted(7), flushed, final(nil), flushed}, 0},
		"of the second alone": {[]reply{audioOf(make([]byte, 2)), flushed, counted(9), flushed}, 0},
		"not of a sentence":   {[]reply{counted(7), final(reply{}), flushed, counted(9), flushed}, 0},
		"as a text":           {[]reply{counted("7"), flushed, counted(9), flushed}, 0},
		"below zero":          {[]reply{counted(-7), flushed, counted(9), flushed}, 0},
		"beyond all measure":  {[]reply{counted(1 << 62), flushed, counted(9), flushed}, 0},
		"of what broke off":   {[]reply{counted(7), flushed, counted(9), says(eventFailed, nil, 1000)}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			record(t, func(r *upstreamtest.Recorder[*provider]) {
				l := r.Open(testRequest)
				conn := r.Conn()
				l.MustOrder(true, "One.", "Two.")
				r.Want(plainStart, told("One."), flush, told("Two."), flush)
				for _, frame := range c.frames {
					conn.Send(frame)
				}
				if got := l.Finish().Usage.Metered; got != (upstream.Metered{Characters: c.want}) {
					t.Errorf("got %+v, want %d", got, c.want)
				}
			})
		})
	}
}
