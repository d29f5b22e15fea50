package cartesia_test

import (
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"voicerelay/downstream/downstreamtest"
	"voicerelay/limits"
	"voicerelay/relay/relaytest"
	"voicerelay/server"
	"voicerelay/upstream"
)

// kinds are the kinds of the next messages, which must all be of one context.
func (c *caller) kinds(t *testing.T, id string, n int) (kinds []string, all []said) {
	t.Helper()
	for range n {
		m, err := c.read()
		if err != nil {
			t.Fatalf("after %q: %v", kinds, err)
		}
		if *m.ContextID != id {
			t.Fatalf("%s of context %q, want %q", *m.Type, *m.ContextID, id)
		}
		kinds, all = append(kinds, *m.Type), append(all, m)
	}
	return kinds, all
}

// speaks expects that a context of a connection is spoken, and that nothing else comes before.
func (c *caller) speaks(t *testing.T, id, text string) {
	t.Helper()
	c.Say(id, text)
	c.End(id)
	if said := c.until(t, id, "done"); said.heard != relaytest.Letters(text) || *said.last.Status != 200 {
		t.Errorf("context %s: heard %q, status %d", id, said.heard, *said.last.Status)
	}
}

// A context that can't be spoken gets an error, a done at once, and one more for its client's own end. What is said to it
// meanwhile is swallowed. Its id may be used again.
func TestARefusedContextIsOverInBothViews(t *testing.T) {
	inBubble(t, 0, func(t *testing.T, r *downstreamtest.Relay, c *caller) {
		c.voice = "nobody"
		c.Say("a", "Hello there.")
		got, all := c.kinds(t, "a", 2)
		if strings.Join(got, " ") != "error done" || all[0].Code != "voice_not_found" || *all[0].Status != 500 || *all[1].Status != 500 {
			t.Errorf("told %v: %+v", got, all)
		}
		if want := `unknown voice "nobody" (status 404)`; all[0].Message != want || all[0].Error != "Voice not found: "+want {
			t.Errorf("told %q, %q", all[0].Message, all[0].Error)
		}
		c.voice = downstreamtest.Voice
		c.Say("a", "Swallowed.")
		c.Flush("a")
		c.End("a")
		if got, all := c.kinds(t, "a", 1); got[0] != "done" || *all[0].Status != 200 {
			t.Errorf("at the client's end: %v", got)
		}
		c.speaks(t, "a", "Hello again.")
		if spoken := r.First.Spoken(); strings.Contains(spoken, "Swallowed") {
			t.Errorf("the vendor was given %q", spoken)
		}
	})
}

// A single message whose text has ended gets an error and one done, since its client says no end any more.
func TestARefusedMessageWithItsEndIsOverOnce(t *testing.T) {
	inBubble(t, -1, func(t *testing.T, _ *downstreamtest.Relay, c *caller) {
		c.voice = "nobody"
		c.send(c.text("a", "Hello there.", false))
		if got, _ := c.kinds(t, "a", 2); strings.Join(got, " ") != "error done" {
			t.Errorf("told %v", got)
		}
		c.voice = downstreamtest.Voice
		c.speaks(t, "b", "Hello again.") // and nothing else came before
	})
}

// Vendors that fail in mid-speech: the error comes behind all audio, and what is still said is swallowed.
func TestAFailureComesBehindTheAudio(t *testing.T) {
	inBubble(t, -1, func(t *testing.T, r *downstreamtest.Relay, c *caller) {
		gone := &upstream.Error{Kind: upstream.Dropped, Message: "gone"}
		r.First.Breaks(9, gone)
		r.Second.Breaks(9, gone)
		c.Say("a", relaytest.TwelveWords)
		failed := c.until(t, "a", "error")
		if failed.heard == "" || *failed.last.Status != 502 || failed.last.Code != "internal_error" {
			t.Errorf("heard %q, then %+v", failed.heard, failed.last)
		}
		if got, all := c.kinds(t, "a", 1); got[0] != "done" || *all[0].Status != 502 {
			t.Errorf("behind the error: %v", got)
		}
		c.Say("a", "Swallowed.")
		c.End("a")
		if got, _ := c.kinds(t, "a", 1); got[0] != "done" {
			t.Errorf("at the client's end: %v", got)
		}
		r.First.Breaks(0, nil)
		r.Second.Breaks(0, nil) // which spoke last, so that the next context begins there
		c.speaks(t, "b", "Hello again.")
	})
}

// A rate is told by a status that no client waits for ever after.
func TestARateIsToldAsUnavailable(t *testing.T) {
	inBubble(t, -1, func(t *testing.T, _ *downstreamtest.Relay, c *caller) {
		c.speaks(t, "a", "One two.")
		c.Say("b", "Three four.")
		if got, all := c.kinds(t, "b", 2); strings.Join(got, " ") != "error done" || *all[0].Status != 503 || all[0].Code != "rate_limited" {
			t.Errorf("told %v: %+v", got, all[0])
		}
	}, func(cfg *server.Config, _ *server.Parts) { cfg.Keys[0].Limits.GenerationsPerMinute = 1 })
}

// Text beyond the limit fails the context by one error and one done, though it was being spoken.
func TestTooLongATextFailsItsContext(t *testing.T) {
	inBubble(t, -1, func(t *testing.T, r *downstreamtest.Relay, c *caller) {
		c.Say("a", "Hello there. ")
		c.until(t, "a", "chunk")
		c.Say("a", strings.Repeat("word ", 100))
		failed := c.until(t, "a", "error")
		if failed.last.Code != "text_too_long" {
			t.Errorf("told %+v", failed.last)
		}
		if got, _ := c.kinds(t, "a", 1); got[0] != "done" {
			t.Errorf("behind the error: %v", got)
		}
		c.End("a")
		if got, _ := c.kinds(t, "a", 1); got[0] != "done" {
			t.Errorf("at the client's end: %v", got)
		}
		c.speaks(t, "b", "Hello again.")
		if n := r.First.StreamsOpen(); n > 0 {
			t.Errorf("%d streams are open", n)
		}
	}, limited(func(l *limits.Config) { l.MaxTextCharacters = 100 }))
}

func limited(change func(*limits.Config)) downstreamtest.Change {
	return func(cfg *server.Config, _ *server.Parts) { change(&cfg.Keys[0].Limits) }
}

// What is no message of a context is answered without one, and twenty within a minute close the connection.
func TestMessagesThatMakeNoSenseCloseTheConnection(t *testing.T) {
	inBubble(t, -1, func(t *testing.T, _ *downstreamtest.Relay, c *caller) {
		for i := range 20 {
			c.write("{nonsense")
			m, err := c.read()
			if err != nil || *m.Type != "error" || *m.ContextID != "" || m.Code != "invalid_request" {
				t.Fatalf("answer %d: %+v, %v", i, m, err)
			}
			time.Sleep(time.Second)
		}
		began := time.Now()
		if m, err := c.read(); err == nil || websocket.CloseStatus(c.closed) != websocket.StatusPolicyViolation || time.Since(began) > time.Second {
			t.Errorf("then: %+v, %v after %v, want a close with 1008", m, c.closed, time.Since(began))
		}
	})
}

// A message that can't be used fails the context which it names, and no other.
func TestAMessageThatCantBeUsedFailsItsContext(t *testing.T) {
	inBubble(t, -1, func(t *testing.T, _ *downstreamtest.Relay, c *caller) {
		c.Say("other", "One two three.")
		c.Say("a", "Four five six.")
		c.write(`{"context_id":"a","transcript":7,"continue":true}`)
		var failed []string
		for len(failed) < 2 {
			m, err := c.read()
			if err != nil {
				t.Fatal(err)
			}
			if *m.Type == "error" || *m.Type == "done" {
				failed = append(failed, *m.Type+" of "+*m.ContextID)
				if *m.Type == "error" && !strings.Contains(m.Message, "transcript") {
					t.Errorf("the error does not name the field: %s", m.Message)
				}
			}
		}
		if got := strings.Join(failed, ", "); got != "error of a, done of a" {
			t.Errorf("told %s", got)
		}
		c.End("other")
		for {
			m, err := c.read()
			if err != nil {
				t.Fatal(err)
			}
			if *m.Type == "done" {
				break
			}
			if *m.Type == "error" {
				t.Fatalf("the other context: %+v", m)
			}
		}
	})
}
