package cartesia_test

import (
	"context"
	"encoding/base64"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"voicerelay/downstream/cartesia"
	"voicerelay/downstream/downstreamtest"
	"voicerelay/relay/relaytest"
	"voicerelay/server"
	"voicerelay/upstream"
)

// inBubble plays a test with a client of a relay.
func inBubble(t *testing.T, delay int, play func(t *testing.T, r *downstreamtest.Relay, c *caller), changes ...downstreamtest.Change) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		r := downstreamtest.Start(t, cartesia.Dialect{}, changes...)
		c, err := dial(r, downstreamtest.Caller{Key: downstreamtest.Key, Voice: downstreamtest.Voice}, delay)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Hangup()
		play(t, r, c)
	})
}

// told is what a client was told of a context until some message: the kinds in their order, a run of one kind once.
type told struct {
	kinds string
	heard string // the audio, as text
	last  said
}

// until reads to a context's first message of a kind. Others of it must not be of another context.
func (c *caller) until(t *testing.T, id, kind string) (of told) {
	t.Helper()
	var pcm []byte
	last := ""
	for last != kind {
		m, err := c.read()
		if err != nil {
			t.Fatalf("after %q: %v", of.kinds, err)
		}
		if *m.ContextID != id {
			t.Fatalf("a %s of context %q, want one of %q", *m.Type, *m.ContextID, id)
		}
		if *m.Type == "chunk" {
			samples, err := base64.StdEncoding.DecodeString(m.Data)
			if err != nil {
				t.Fatal(err)
			}
			pcm = append(pcm, samples...)
		}
		if *m.Type != last {
			of.kinds += *m.Type + " "
		}
		last, of.last = *m.Type, m
	}
	of.heard = relaytest.Heard(pcm)
	return of
}

// speaking is a relay that one vendor speaks for first.
func speaking(vendor *relaytest.FakeProvider) downstreamtest.Change {
	return func(_ *server.Config, parts *server.Parts) { parts.Providers[0].Provider = vendor }
}

// A flush is told after all audio of the text before it, and before any that follows; whether or not the vendor says where a
// piece ends.
func TestFlushIsToldAfterItsAudio(t *testing.T) {
	for name, vendor := range map[string]*relaytest.FakeProvider{
		"exact ends": relaytest.Lively(), "no ends": relaytest.Deaf(upstream.PieceEndsNone),
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, -1, func(t *testing.T, _ *downstreamtest.Relay, c *caller) {
				c.Say("a", "One two")
				c.Flush("a")
				first := c.until(t, "a", "flush_done")
				if first.heard != "Onetwo" || *first.last.FlushID != 1 {
					t.Errorf("before the first flush_done %q is heard, its id is %d", first.heard, *first.last.FlushID)
				}
				c.Say("a", " three four.")
				c.Flush("a")
				c.Flush("a")
				if second := c.until(t, "a", "flush_done"); second.heard != "threefour" || *second.last.FlushID != 2 {
					t.Errorf("before the second flush_done %q is heard, its id is %d", second.heard, *second.last.FlushID)
				}
				if third := c.until(t, "a", "flush_done"); third.heard != "" || *third.last.FlushID != 3 {
					t.Errorf("a flush of nothing: %q, %d", third.heard, *third.last.FlushID)
				}
				c.End("a")
				if end := c.until(t, "a", "done"); end.heard != "" || *end.last.Status != 200 {
					t.Errorf("at the end: %+v", end)
				}
			}, speaking(vendor))
		})
	}
}

// A flush is told once, after its audio, also where another vendor has taken over before it.
func TestFlushIsToldAfterATakeover(t *testing.T) {
	inBubble(t, -1, func(t *testing.T, r *downstreamtest.Relay, c *caller) {
		r.First.Breaks(5, &upstream.Error{Kind: upstream.Dropped, Message: "gone"})
		c.Say("a", relaytest.TwelveWords)
		c.Flush("a")
		first := c.until(t, "a", "flush_done")
		if got := strings.ReplaceAll(first.heard, "~", ""); !strings.HasSuffix(got, "twelve") || *first.last.FlushID != 1 {
			t.Errorf("before flush_done %q is heard, its id is %d", got, *first.last.FlushID)
		}
		c.End("a")
		if end := c.until(t, "a", "done"); end.kinds != "done " {
			t.Errorf("at the end: %s", end.kinds)
		}
	})
}

// Chunks say which flush they come before, where a client flushes, and only there.
func TestChunksNameTheirFlush(t *testing.T) {
	inBubble(t, -1, func(t *testing.T, _ *downstreamtest.Relay, c *caller) {
		c.Say("a", "One two.")
		if chunk := c.until(t, "a", "chunk"); chunk.last.FlushID != nil {
			t.Errorf("a chunk of a context without flushes has flush_id %d", *chunk.last.FlushID)
		}
		c.Flush("a")
		c.until(t, "a", "flush_done")
		c.Say("a", " Three four.")
		if chunk := c.until(t, "a", "chunk"); chunk.last.FlushID == nil || *chunk.last.FlushID != 2 {
			t.Error("a chunk behind the first flush has another flush_id than 2")
		}
		c.End("a")
		c.until(t, "a", "done")
	})
}

// Whole sentences come without a space between them, where each is to be spoken at once: they are not joined into one word.
func TestPhrasesAreSpokenAtOnceAndApart(t *testing.T) {
	inBubble(t, 0, func(t *testing.T, r *downstreamtest.Relay, c *caller) {
		c.Say("a", "Hello there")
		if first := c.until(t, "a", "chunk"); first.heard == "" {
			t.Error("the first phrase waits for more")
		}
		c.Say("a", "How are you?")
		c.End("a")
		c.until(t, "a", "done")
		if got := strings.Join(strings.Fields(r.First.Spoken()), " "); got != "Hello there How are you?" {
			t.Errorf("the vendor was given %q", got)
		}
	})
}

// Tokens are joined as they are, with or without a delay of the client's own.
func TestTokensAreJoinedAsTheyAre(t *testing.T) {
	for _, delay := range []int{-1, 500} {
		inBubble(t, delay, func(t *testing.T, r *downstreamtest.Relay, c *caller) {
			for _, token := range []string{"Hel", "lo", " wor", "ld."} {
				c.Say("a", token)
			}
			c.End("a")
			c.until(t, "a", "done")
			if got := strings.TrimSpace(r.First.Spoken()); got != "Hello world." {
				t.Errorf("delay %d: the vendor was given %q", delay, got)
			}
		})
	}
}

// After a cancel there is one done and nothing else, also where all text has come. The id may be used again at once.
func TestACancelledContextGetsOneDone(t *testing.T) {
	inBubble(t, -1, func(t *testing.T, r *downstreamtest.Relay, c *caller) {
		c.Say("a", strings.Repeat(relaytest.TwelveWords+" ", 10))
		c.End("a")
		c.until(t, "a", "chunk")
		c.Interrupt("a")
		c.Interrupt("a")
		c.Interrupt("never-begun")
		c.Say("a", "Hello again.")
		c.End("a")
		first := c.until(t, "a", "done")
		if *first.last.Status != 200 || len(first.heard) > 30 {
			t.Errorf("status %d, heard %q", *first.last.Status, first.heard)
		}
		if again := c.until(t, "a", "done"); again.heard != "Helloagain" {
			t.Errorf("the next context heard %q", again.heard)
		}
		c.speaks(t, "b", "And another.") // no second done came before
	})
}

// Texts of one id that are each whole are spoken one after the other, each with a done.
func TestWholeTextsOfOneContextComeInTheirOrder(t *testing.T) {
	inBubble(t, -1, func(t *testing.T, _ *downstreamtest.Relay, c *caller) {
		for _, text := range []string{"One two.", "Three four.", "Five six."} {
			c.send(c.text("a", text, false))
		}
		for _, want := range []string{"Onetwo", "Threefour", "Fivesix"} {
			if got := c.until(t, "a", "done"); got.heard != want {
				t.Errorf("heard %q, want %q", got.heard, want)
			}
		}
	})
}

// An end alone is no speech: it gets its done at once. A text in which there is nothing to speak gets a moment of silence.
func TestEmptyContextsEnd(t *testing.T) {
	inBubble(t, -1, func(t *testing.T, _ *downstreamtest.Relay, c *caller) {
		for want, text := range map[string]string{"done ": " ", "chunk done ": "…"} {
			c.send(c.text("a", text, false))
			if got := c.until(t, "a", "done"); got.kinds != want {
				t.Errorf("%q gets %s", text, got.kinds)
			}
		}
		c.Say("b", "")
		c.End("b")
		if got := c.until(t, "b", "done"); got.kinds != "done " {
			t.Errorf("an empty context gets %s", got.kinds)
		}
	})
}

// A language model that thinks for minutes loses neither its context nor its place in the text.
func TestASlowTextKeepsItsContext(t *testing.T) {
	inBubble(t, 0, func(t *testing.T, _ *downstreamtest.Relay, c *caller) {
		c.Say("a", "One two.")
		c.until(t, "a", "timestamps")
		c.until(t, "a", "timestamps") // of the second word: nothing is left unread
		time.Sleep(3 * time.Minute)
		c.Say("a", "Three four.")
		c.End("a")
		end := c.until(t, "a", "done")
		if end.heard != "Threefour" || strings.Count(end.kinds, "done") != 1 {
			t.Errorf("heard %q; told %s", end.heard, end.kinds)
		}
	})
}

// A relay that goes away refuses new contexts by a status that clients try again after.
func TestADrainingRelayRefusesContexts(t *testing.T) {
	inBubble(t, -1, func(t *testing.T, r *downstreamtest.Relay, c *caller) {
		c.Say("a", strings.Repeat(relaytest.TwelveWords+" ", 3))
		c.until(t, "a", "chunk")
		gone := make(chan struct{})
		go func() {
			r.Server.Drain(context.Background(), time.Minute)
			close(gone)
		}()
		synctest.Wait()
		c.Say("b", "Too late.")
		c.End("a")
		refused := false
		for {
			m, err := c.read()
			if err != nil {
				break
			}
			refused = refused || *m.ContextID == "b" && *m.Type == "error" && *m.Status == 503
		}
		if !refused {
			t.Error("a new context was not refused")
		}
		<-gone
	})
}

// A flush with the text's end is told before the done.
func TestAFlushWithTheEndIsTold(t *testing.T) {
	inBubble(t, -1, func(t *testing.T, _ *downstreamtest.Relay, c *caller) {
		m := c.text("a", "One two", false)
		m["flush"] = true
		c.send(m)
		if first := c.until(t, "a", "flush_done"); first.heard != "Onetwo" {
			t.Errorf("before flush_done %q is heard", first.heard)
		}
		if end := c.until(t, "a", "done"); end.kinds != "done " {
			t.Errorf("then: %s", end.kinds)
		}
	})
}
