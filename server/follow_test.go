package server

import (
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"voicerelay/relay/relaytest"
	"voicerelay/upstream"
)

// listenAll reads several generations to their ends.
func (c *client) listenAll(ids ...string) map[string]call {
	c.t.Helper()
	calls := make(map[string]call)
	for len(calls) < len(ids) {
		e := c.next()
		id, _ := e["generation_id"].(string)
		c.heard[id] = append(c.heard[id], e)
		if e.kind() == "done" {
			calls[id] = summary(c.t, id, c.heard[id])
		}
	}
	return calls
}

// summary is what a client made of a generation's messages.
func summary(t *testing.T, id string, events []event) call {
	t.Helper()
	l := call{events: events, done: events[len(events)-1], heard: heardIn(t, events, id)}
	for _, e := range events {
		if e.kind() == "rerouted" {
			l.reroutes = append(l.reroutes, e)
		}
	}
	for _, a := range l.done["usage"].(map[string]any)["attempts"].([]any) {
		attempt := a.(map[string]any)
		l.providers = append(l.providers, fmt.Sprint(attempt["provider"], " ", attempt["outcome"]))
	}
	return l
}

func TestRestOfAContextFollowsATakeover(t *testing.T) {
	t.Run("as vendors speak", func(t *testing.T) { takeContextOver(t, relaytest.Lively()) })
	t.Run("all in one burst", func(t *testing.T) { takeContextOver(t, relaytest.NewFake()) })
}

func takeContextOver(t *testing.T, second *relaytest.FakeProvider) {
	synctest.Test(t, func(t *testing.T) {
		first := relaytest.Lively()
		r := newRig(t, Config{}, []string{"alpha", "beta"}, fakes{"alpha": first, "beta": second})
		c := r.dial("")
		first.Breaks(50, &upstream.Error{Kind: upstream.Dropped, Message: "gone"})
		c.send(generate("a", relaytest.TwelveWords, `,"context_id":"turn"`))
		synctest.Wait()
		first.Breaks(0, nil)
		c.send(generate("b", "So say we all.", `,"context_id":"turn"`)) // spoken whole before the other breaks off
		calls := c.listenAll("a", "b")
		if want := []string{"alpha superseded", "beta completed"}; !slices.Equal(calls["b"].providers, want) {
			t.Errorf("attempts of the second: got %v, want %v", calls["b"].providers, want)
		}
		if got := calls["b"]; got.heard != relaytest.Letters("So say we all.") || len(got.reroutes) > 0 || startedBy(got) != "beta" {
			t.Errorf("second: heard %q by %s", got.heard, startedBy(got))
		}
		if missing, doubled := seamIn(t, relaytest.TwelveWords, calls["a"].heard, int(calls["a"].reroutes[0]["resume_char"].(float64))); missing+doubled > 0 {
			t.Errorf("first: heard %q", calls["a"].heard)
		}
		c.send(generate("c", "And again.", `,"context_id":"turn"`))
		if got := c.listenAll("c")["c"]; startedBy(got) != "beta" {
			t.Errorf("the next of the context: by %s, want beta", startedBy(got))
		}
	})
}

// startedBy is the one provider that a generation was started with.
func startedBy(l call) (provider string) {
	for _, e := range l.events {
		if e.kind() == "started" {
			provider += e["provider"].(string)
		}
	}
	return provider
}

// Each stream of the first vendor breaks off, so that what waits was taken over in its own middle as well.
func TestWaitingGenerationIsSpokenAgainFromItsBeginning(t *testing.T) {
	for _, late := range []time.Duration{10 * time.Millisecond, 100 * time.Millisecond, 300 * time.Millisecond, 700 * time.Millisecond} {
		t.Run(fmt.Sprint(late), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				first, second := relaytest.Lively(), relaytest.Lively()
				first.FailAt, first.Failure = 30, &upstream.Error{Kind: upstream.Dropped, Message: "gone"}
				second.First = 200 * time.Millisecond
				c := newRig(t, Config{}, []string{"alpha", "beta"}, fakes{"alpha": first, "beta": second}).dial("")
				c.send(generate("a", relaytest.TwelveWords, `,"context_id":"turn"`))
				time.Sleep(late)
				c.send(generate("b", relaytest.TwelveWords, `,"context_id":"turn"`))
				c.send(generate("c", relaytest.TwelveWords, `,"context_id":"turn"`))
				for id, l := range c.listenAll("a", "b", "c") {
					if l.done["reason"] != "completed" || len(l.heard) < len(relaytest.Letters(relaytest.TwelveWords)) {
						t.Errorf("%s: %v, heard %q by %v", id, l.done["reason"], l.heard, l.providers)
					}
					if len(l.reroutes) > 0 {
						if missing, doubled := seamIn(t, relaytest.TwelveWords, l.heard, int(l.reroutes[0]["resume_char"].(float64))); missing+doubled > 0 {
							t.Errorf("%s: heard %q", id, l.heard)
						}
					}
				}
			})
		})
	}
}

// The one that follows has no text yet.
func TestOpenTextFollowsToo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		first, second := relaytest.Lively(), relaytest.Lively()
		c := newRig(t, Config{}, []string{"alpha", "beta"}, fakes{"alpha": first, "beta": second}).dial("")
		first.Breaks(20, &upstream.Error{Kind: upstream.Dropped, Message: "gone"})
		c.send(generate("a", relaytest.TwelveWords, `,"context_id":"turn"`))
		c.send(generate("b", "", `,"context_id":"turn","final":false`))
		c.listenAll("a")
		c.send(`{"type":"append","generation_id":"b","text":"So say we all.","final":true}`)
		if b := c.listenAll("b")["b"]; startedBy(b) != "beta" || len(first.Asked) != 1 {
			t.Errorf("the second was started by %s; the first vendor was asked %d times", startedBy(b), len(first.Asked))
		}
	})
}
