package cartesia_test

import (
	"encoding/base64"
	"strings"
	"testing"
	"testing/synctest"

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
