package relay

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"voicerelay/audio"
	"voicerelay/relay/delivery"
	"voicerelay/relay/position"
	"voicerelay/routing"
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
	t.Run("as vendors speak", func(t *testing.T) { takeContextOver(t, lively()) })
	t.Run("all in one burst", func(t *testing.T) { takeContextOver(t, newFake()) })
}

func takeContextOver(t *testing.T, second *fakeProvider) {
	synctest.Test(t, func(t *testing.T) {
		first := lively()
		r := newRig(t, Config{}, []string{"alpha", "beta"}, fakes{"alpha": first, "beta": second})
		c := r.dial("")
		first.breaks(50, &upstream.Error{Kind: upstream.Dropped, Message: "gone"})
		c.send(generate("a", twelveWords, `,"context_id":"turn"`))
		synctest.Wait()
		first.breaks(0, nil)
		c.send(generate("b", "So say we all.", `,"context_id":"turn"`)) // spoken whole before the other breaks off
		calls := c.listenAll("a", "b")
		if want := []string{"alpha superseded", "beta completed"}; !slices.Equal(calls["b"].providers, want) {
			t.Errorf("attempts of the second: got %v, want %v", calls["b"].providers, want)
		}
		if got := calls["b"]; got.heard != lettersOf("So say we all.") || len(got.reroutes) > 0 || startedBy(got) != "beta" {
			t.Errorf("second: heard %q by %s", got.heard, startedBy(got))
		}
		if missing, doubled := seamIn(t, twelveWords, calls["a"].heard, int(calls["a"].reroutes[0]["resume_char"].(float64))); missing+doubled > 0 {
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
				first, second := lively(), lively()
				first.failAt, first.failure = 30, &upstream.Error{Kind: upstream.Dropped, Message: "gone"}
				second.first = 200 * time.Millisecond
				c := newRig(t, Config{}, []string{"alpha", "beta"}, fakes{"alpha": first, "beta": second}).dial("")
				c.send(generate("a", twelveWords, `,"context_id":"turn"`))
				time.Sleep(late)
				c.send(generate("b", twelveWords, `,"context_id":"turn"`))
				c.send(generate("c", twelveWords, `,"context_id":"turn"`))
				for id, l := range c.listenAll("a", "b", "c") {
					if l.done["reason"] != "completed" || len(l.heard) < len(lettersOf(twelveWords)) {
						t.Errorf("%s: %v, heard %q by %v", id, l.done["reason"], l.heard, l.providers)
					}
					if len(l.reroutes) > 0 {
						if missing, doubled := seamIn(t, twelveWords, l.heard, int(l.reroutes[0]["resume_char"].(float64))); missing+doubled > 0 {
							t.Errorf("%s: heard %q", id, l.heard)
						}
					}
				}
			})
		})
	}
}

// A context stays with who speaks its latest generation, also where an earlier one ends after that.
func TestContextStaysWithItsLatestVoice(t *testing.T) {
	var c conversation
	c.stay(1, "alpha")
	c.stay(3, "beta")
	c.stay(2, "alpha")
	if c.provider != "beta" {
		t.Errorf("provider: got %s, want beta", c.provider)
	}
	c.stay(3, "gamma") // taken over
	if c.provider != "gamma" {
		t.Errorf("provider: got %s, want gamma", c.provider)
	}
}

// waiting is a generation whose turn has not come, spoken by alpha so far.
func waiting(t *testing.T) (g *Generation, spoke *attempt) {
	t.Helper()
	a := speaking(t, audio.Format{Encoding: audio.PCM16, Rate: fakeRate}, false)
	var context delivery.Turn
	a.g.client.Out.NewLane(&context, fakeRate, func() {})
	a.out.lane = a.g.client.Out.NewLane(&context, fakeRate, func() {})
	ordered(a)
	a.Audio(fakeFrame('a'))
	return a.g, a
}

func betaMay() *routing.Verdict {
	return routing.NewCircuits(routing.DefaultCircuit(), nil).Allow(routing.Trial{Candidate: beta()})
}

func beta() routing.Candidate { return routing.Candidate{Target: routing.Target{Provider: "beta"}} }

func TestAttemptFromTheMiddleIsNotKeptWhenSuperseded(t *testing.T) {
	g, a := waiting(t)
	g.req.Setup.providers["beta"] = &Provider{Provider: newFake(), Name: "beta"}
	a.outcome.failLocked(&upstream.Error{Kind: upstream.Dropped, Message: "gone"})
	g.out.from = position.Resume{Char: 6, Source: position.SourceEstimate}
	next := newAttempt(g, beta(), betaMay())
	g.out.supersede("beta")
	if !errors.Is(next.outcome.err, errSuperseded) || g.out.from.Char != 0 {
		t.Errorf("got %v, from %d; want it superseded, from the beginning", next.outcome.err, g.out.from.Char)
	}
	next.Audio(fakeFrame('b'))
	if g.out.track.Samples != 0 {
		t.Error("the text's end was spoken without its beginning")
	}
}

// The provider took over from another, and then the whole context went elsewhere, before anybody looked.
func TestSupersedingForgetsATakeover(t *testing.T) {
	g, a := waiting(t)
	a.outcome.failLocked(&upstream.Error{Kind: upstream.Dropped, Message: "gone"})
	g.out.active = nil
	newAttempt(g, a.target, betaMay()).Audio(fakeFrame('b'))
	g.out.supersede("beta")
	if got, want := g.out.takeChange(), (change{restartBy: "beta"}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

// A waiting generation with audio of two voices is spoken again too, by the second alone.
func TestMixedVoicesAreSuperseded(t *testing.T) {
	g, a := waiting(t)
	g.req.Setup.providers["beta"] = &Provider{Provider: newFake(), Name: "beta"}
	a.outcome.failLocked(&upstream.Error{Kind: upstream.Dropped, Message: "gone"})
	g.out.active = nil
	newAttempt(g, beta(), betaMay()).Audio(fakeFrame('b'))
	if g.out.supersede("beta"); !g.out.isSuperseded() {
		t.Error("it stays half in the former voice")
	}
	g.out.takeChange()
	newAttempt(g, beta(), betaMay()).Audio(fakeFrame('b'))
	if g.out.supersede("beta"); g.out.isSuperseded() {
		t.Error("it is spoken anew though the provider speaks all of it")
	}
}

// The one that follows has no text yet.
func TestOpenTextFollowsToo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		first, second := lively(), lively()
		c := newRig(t, Config{}, []string{"alpha", "beta"}, fakes{"alpha": first, "beta": second}).dial("")
		first.breaks(20, &upstream.Error{Kind: upstream.Dropped, Message: "gone"})
		c.send(generate("a", twelveWords, `,"context_id":"turn"`))
		c.send(generate("b", "", `,"context_id":"turn","final":false`))
		c.listenAll("a")
		c.send(`{"type":"append","generation_id":"b","text":"So say we all.","final":true}`)
		if b := c.listenAll("b")["b"]; startedBy(b) != "beta" || len(first.asked) != 1 {
			t.Errorf("the second was started by %s; the first vendor was asked %d times", startedBy(b), len(first.asked))
		}
	})
}

func TestOnlyWhatComesLaterFollows(t *testing.T) {
	g, a := waiting(t)
	g.req.contextID = "turn"
	s := g.client.Listener.(*session)
	s.register.contexts = map[string]*conversation{"turn": {}}
	s.register.running = map[string]*Generation{"g1": g}
	for place, want := range map[int]bool{1: true, 2: false, 3: false} {
		a.outcome.err, a.outcome.state, g.out.change = nil, attemptRunning, change{}
		s.register.places = map[string]int{"g1": 2, "other": place}
		s.Speaking(&Generation{req: Prepared{id: "other", contextID: "turn"}}, "beta", true)
		if got := g.out.isSuperseded(); got != want {
			t.Errorf("behind generation %d: superseded %v, want %v", place, got, want)
		}
	}
}
