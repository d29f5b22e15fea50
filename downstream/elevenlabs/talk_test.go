package elevenlabs

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coder/websocket"

	"voicerelay/downstream/downstreamtest"
	"voicerelay/relay/relaytest"
)

// play runs a test with a client of a manner, on fake time.
func play(t *testing.T, m manner, story func(t *testing.T, r *downstreamtest.Relay, c *client)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		r := downstreamtest.Start(t, Dialect{})
		c, err := dial(r, downstreamtest.Caller{Key: downstreamtest.Key, Voice: downstreamtest.Voice}, m)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Hangup()
		story(t, r, c)
	})
}

// turn is what a client heard of a context up to its final frame.
type turn struct {
	pcm    []byte
	errors []string
	finals int
	words  []string
}

// hear hears messages until a context's final frame, or until the connection is over.
func (c *client) hear(t *testing.T, id string) turn {
	t.Helper()
	var of turn
	for {
		h, err := c.read()
		if err != nil {
			t.Fatalf("context %s: %v", id, err)
		}
		if h.ContextID == nil || *h.ContextID != id {
			continue
		}
		if c.note(t, h, &of); h.IsFinal {
			return of
		}
	}
}

// note adds a message to a turn.
func (c *client) note(t *testing.T, h heard, of *turn) {
	t.Helper()
	if h.Error != "" {
		of.errors = append(of.errors, h.Error)
	}
	if h.IsFinal {
		of.finals++
	}
	of.pcm = append(of.pcm, h.pcm(t)...)
	if h.NormalizedAlignment != nil {
		of.words = append(of.words, strings.Join(h.NormalizedAlignment.Chars, ""))
	}
}

// silence expects that nothing comes for a while.
func (c *client) silence(t *testing.T) {
	t.Helper()
	time.Sleep(2 * time.Second)
	synctest.Wait()
	select {
	case m := <-c.inbox:
		t.Errorf("heard %s, %v", m.data, m.err)
	default:
	}
}

// What a client has in hand when it closes a context says whether it wants to hear the rest. The text is long enough for a cancel
// to show.
func TestClosingAContext(t *testing.T) {
	const open = `{"text":" ","voice_settings":{},"context_id":"a"}`
	text := func(more string) string {
		return `{"text":"` + relaytest.TwelveWords + `","context_id":"a"` + more + `}`
	}
	const bare, closing = `{"context_id":"a","flush":true}`, `{"context_id":"a","close_context":true}`
	empty := `{"text":"","context_id":"a","flush":true}`
	for name, tt := range map[string]struct {
		as       manner
		messages []string
		spoken   int // how often the sentence is heard
	}{
		"after a bare flush":                         {pipecat, []string{open, text(""), bare, closing}, 1},
		"after a flush with empty text":              {livekit, []string{open, text(`,"flush":true`), empty, closing}, 1},
		"with a keepalive after the flush":           {pipecat, []string{open, text(""), bare, `{"text":"","context_id":"a"}`, closing}, 1},
		"while text is not flushed":                  {pipecat, []string{open, text(""), closing}, 0},
		"while text after a flush is not flushed":    {pipecat, []string{open, text(""), bare, text(""), closing}, 0},
		"after a flushed sentence of LiveKit's":      {livekit, []string{open, text(`,"flush":true`), closing}, 0},
		"after a flushed sentence of another's":      {pipecat, []string{open, text(`,"flush":true`), closing}, 1},
		"after an unflushed sentence of LiveKit's":   {livekit, []string{open, text(""), text(`,"flush":true`), closing}, 2},
		"with the last flush in the message":         {pipecat, []string{open, text(""), `{"text":"","context_id":"a","flush":true,"close_context":true}`}, 1},
		"twice":                                      {pipecat, []string{open, text(""), bare, closing, closing}, 0},
		"that has no text":                           {pipecat, []string{open, bare, closing}, 0},
		"as text":                                    {pipecat, []string{open, text(""), `{"context_id":"a","flush":"true"}`, `{"context_id":"a","close_context":"true"}`}, 1},
		"by the socket, with all flushed":            {pipecat, []string{open, text(""), bare, `{"close_socket":true}`}, 1},
		"by the socket, with text that isn't":        {pipecat, []string{open, text(""), `{"close_socket":true}`}, 0},
		"with text that comes after it and is late":  {pipecat, []string{open, text(""), bare, closing, text("")}, 1},
		"of which the first message was the text":    {pipecat, []string{text(""), bare, closing}, 1},
		"that is the one without an id, by its null": {pipecat, []string{strings.ReplaceAll(text(""), `"a"`, `null`), `{"context_id":null,"flush":true}`, `{"close_context":true}`}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			play(t, tt.as, func(t *testing.T, r *downstreamtest.Relay, c *client) {
				for _, m := range tt.messages {
					c.send("%s", m)
				}
				of := c.hearAny(t)
				if got, want := relaytest.Heard(of.pcm), strings.Repeat(relaytest.Letters(relaytest.TwelveWords), tt.spoken); got != want {
					t.Errorf("heard %q, want %q", got, want)
				}
				if of.finals != 1 || len(of.errors) > 0 {
					t.Errorf("%d final frames, errors %q", of.finals, of.errors)
				}
			})
		})
	}
}

// hearAny hears until the first final frame, of whatever context.
func (c *client) hearAny(t *testing.T) turn {
	t.Helper()
	var of turn
	for of.finals == 0 {
		h, err := c.read()
		if err != nil {
			t.Fatal(err)
		}
		c.note(t, h, &of)
	}
	return of
}

// After a cancel a context has its final frame and nothing else, and the next one speaks.
func TestNothingFollowsACancelButTheFinalFrame(t *testing.T) {
	play(t, pipecat, func(t *testing.T, r *downstreamtest.Relay, c *client) {
		c.Say("a", strings.Repeat(relaytest.TwelveWords+" ", 10))
		if h, err := c.read(); err != nil || h.Audio == nil {
			t.Fatalf("heard %+v, %v; want audio", h, err)
		}
		c.Interrupt("a")
		began := time.Now()
		c.hear(t, "a")
		if took := time.Since(began); took > 100*time.Millisecond {
			t.Errorf("the final frame took %v", took)
		}
		c.silence(t)
		c.Say("b", relaytest.TwelveWords)
		c.End("b")
		if got := relaytest.Heard(c.hear(t, "b").pcm); got != relaytest.Letters(relaytest.TwelveWords) {
			t.Errorf("heard %q", got)
		}
	})
}

// Pipecat sends whole sentences, without a space behind them.
func TestPhrasesAreKeptApart(t *testing.T) {
	for name, tt := range map[string]struct {
		as   manner
		want string
	}{"whole phrases": {pipecat, "Hello, friend. How are you?"}, "tokens": {tokens, "Hello, friend.How are you?"}} {
		t.Run(name, func(t *testing.T) {
			play(t, tt.as, func(t *testing.T, r *downstreamtest.Relay, c *client) {
				c.Say("a", "Hello, friend.")
				c.Say("a", "How are you?")
				c.End("a")
				c.hear(t, "a")
				if got := r.First.Spoken(); got != tt.want {
					t.Errorf("the vendor spoke %q, want %q", got, tt.want)
				}
			})
		})
	}
}

// What keeps a connection alive, or is about a context that has ended, opens none.
func TestWhatOpensNoContext(t *testing.T) {
	play(t, pipecat, func(t *testing.T, r *downstreamtest.Relay, c *client) {
		for _, m := range []string{
			`{"text":""}`, `{"text":"","context_id":"a"}`, `{"context_id":"a","flush":true}`, `{"context_id":"a","close_context":true}`,
			`{}`, `{"context_id":"a"}`, `{"something":"else"}`, `{"text":null,"context_id":"a"}`, `{"context_id":"a","keep_alive":true}`,
		} {
			c.send("%s", m)
		}
		c.silence(t)
		if _, opened := r.First.Crowd(); opened > 0 {
			t.Errorf("%d streams were opened", opened)
		}
	})
}

// A context that gets no text ends after inactivity_timeout, and its connection goes on. Keepalives of the context keep it, those of
// the connection don't.
func TestInactivityEndsAContextAlone(t *testing.T) {
	for name, tt := range map[string]struct {
		keepalive string
		keeps     bool
	}{
		"nothing":                        {`{"context_id":"b"}`, false},
		"a keepalive":                    {`{"text":"","context_id":"a"}`, true},
		"space":                          {`{"text":" ","context_id":"a"}`, true},
		"a keepalive without a context":  {`{"text":""}`, false},
		"a keepalive of another context": {`{"text":"","context_id":"b"}`, false},
	} {
		t.Run(name, func(t *testing.T) {
			play(t, pipecat, func(t *testing.T, r *downstreamtest.Relay, c *client) {
				c.send(`{"text":" ","context_id":"a"}`)
				for range 6 {
					time.Sleep(5 * time.Second)
					c.send("%s", tt.keepalive)
				}
				synctest.Wait()
				over := len(c.inbox) > 0
				if over == tt.keeps {
					t.Errorf("after 30 s the context is over: %v, want %v", over, !tt.keeps)
				}
				if over {
					c.hear(t, "a")
				}
				c.Say("c", relaytest.TwelveWords)
				c.End("c")
				if got := relaytest.Heard(c.hear(t, "c").pcm); got != relaytest.Letters(relaytest.TwelveWords) {
					t.Errorf("heard %q", got)
				}
			})
		})
	}
}

// LiveKit's plugin for JavaScript goes on with a context that has failed: nothing of it is spoken, and its close is answered.
func TestAContextThatHasFailedIsDead(t *testing.T) {
	play(t, livekit, func(t *testing.T, r *downstreamtest.Relay, c *client) {
		r.First.Refuse, r.Second.Refuse = errRefused, errRefused
		c.Say("a", relaytest.TwelveWords)
		if of := c.hear(t, "a"); len(of.errors) != 1 || of.errors[0] != "internal_error" {
			t.Fatalf("errors %q, want one", of.errors)
		}
		r.First.Mu.Lock()
		r.First.Refuse = nil
		r.First.Mu.Unlock()
		c.send(`{"text":" ","voice_settings":{},"context_id":"a"}`)
		c.send(`{"text":"This is not spoken. ","context_id":"a","flush":true}`)
		c.silence(t)
		c.End("a")
		if of := c.hear(t, "a"); len(of.pcm) > 0 || len(of.errors) > 0 {
			t.Errorf("heard %d bytes, errors %q; want the final frame alone", len(of.pcm), of.errors)
		}
		if got := r.First.Spoken(); got != "" {
			t.Errorf("%q was spoken", got)
		}
		c.opened["a"] = false
		c.Say("a", relaytest.TwelveWords) // once it is closed its id is a new context's
		c.End("a")
		if got := relaytest.Heard(c.hear(t, "a").pcm); got != relaytest.Letters(relaytest.TwelveWords) {
			t.Errorf("heard %q", got)
		}
	})
}

// Goodbye is answered by a close, after what is to be spoken.
func TestCloseSocket(t *testing.T) {
	for name, speaks := range map[string]bool{"at rest": false, "while speech goes on": true} {
		t.Run(name, func(t *testing.T) {
			play(t, pipecat, func(t *testing.T, r *downstreamtest.Relay, c *client) {
				if speaks {
					c.Say("a", relaytest.TwelveWords)
					c.Flush("a")
				}
				c.send(`{"close_socket":true}`)
				if speaks {
					if got := relaytest.Heard(c.hear(t, "a").pcm); got != relaytest.Letters(relaytest.TwelveWords) {
						t.Errorf("heard %q", got)
					}
				}
				if _, err := c.read(); websocket.CloseStatus(err) != websocket.StatusNormalClosure {
					t.Errorf("the connection ended with %v, want 1000", err)
				}
			})
		})
	}
}

// One context too many fails as LiveKit and Pipecat understand it, and the others go on.
func TestTooManyContexts(t *testing.T) {
	play(t, pipecat, func(t *testing.T, r *downstreamtest.Relay, c *client) {
		for i := range 16 {
			c.send(`{"text":" ","context_id":"c%d"}`, i)
		}
		c.Say("more", relaytest.TwelveWords)
		if of := c.hear(t, "more"); len(of.errors) != 1 || of.errors[0] != "too_many_concurrent_requests" {
			t.Errorf("errors %q", of.errors)
		}
		c.Say("c3", relaytest.TwelveWords)
		c.End("c3")
		if got := relaytest.Heard(c.hear(t, "c3").pcm); got != relaytest.Letters(relaytest.TwelveWords) {
			t.Errorf("heard %q", got)
		}
	})
}

// Text that is too long is refused, and what came before it is spoken.
func TestTextThatIsTooLong(t *testing.T) {
	play(t, pipecat, func(t *testing.T, r *downstreamtest.Relay, c *client) {
		c.Say("a", relaytest.TwelveWords)
		c.Say("a", strings.Repeat("x", 10_000))
		c.End("a")
		of := c.hear(t, "a")
		if got := relaytest.Heard(of.pcm); got != relaytest.Letters(relaytest.TwelveWords) || len(of.errors) != 1 || of.errors[0] != "text_too_long" {
			t.Errorf("heard %q, errors %q", got, of.errors)
		}
		if got := strings.TrimLeft(strings.Join(of.words, ""), " "); got != relaytest.TwelveWords+" " {
			t.Errorf("the words are %q", got)
		}
	})
}

// A speed counts in the message that opens a context.
func TestVoiceSettings(t *testing.T) {
	play(t, pipecat, func(t *testing.T, r *downstreamtest.Relay, c *client) {
		c.send(`{"text":" ","voice_settings":{"speed":1.2,"stability":0.5,"similarity_boost":null},"context_id":"a"}`)
		c.opened["a"], c.hearing["a"] = true, &hearing{}
		c.Say("a", relaytest.TwelveWords)
		c.End("a")
		c.hear(t, "a")
		if asked := r.First.Requests(); len(asked) != 1 || asked[0].Speed != 1.2 {
			t.Errorf("the vendor was asked for %+v", asked)
		}
	})
}

// An empty pronounceable text is answered with a moment of silence, one that was never there is not.
func TestNothingToSpeak(t *testing.T) {
	for name, tt := range map[string]struct {
		text string
		want time.Duration
	}{"marks": {"…", 100 * time.Millisecond}, "space": {"   ", 0}} {
		t.Run(name, func(t *testing.T) {
			play(t, pipecat, func(t *testing.T, r *downstreamtest.Relay, c *client) {
				c.Say("a", tt.text)
				c.End("a")
				of := c.hear(t, "a")
				if got := time.Duration(len(of.pcm)/2) * time.Second / 24000; got != tt.want || relaytest.Heard(of.pcm) != "" {
					t.Errorf("%v of audio, want %v", got, tt.want)
				}
			})
		})
	}
}

// A program that sends nonsense is told so, and after a while sent away.
func TestNonsense(t *testing.T) {
	play(t, pipecat, func(t *testing.T, r *downstreamtest.Relay, c *client) {
		for range 20 {
			c.send(`nonsense`)
			if h, err := c.read(); err != nil || h.Error != "invalid_parameters" || h.ContextID != nil || h.Code != 1008 {
				t.Fatalf("heard %+v, %v", h, err)
			}
		}
		if _, err := c.read(); websocket.CloseStatus(err) != websocket.StatusPolicyViolation {
			t.Errorf("the connection ended with %v, want 1008", err)
		}
	})
}
