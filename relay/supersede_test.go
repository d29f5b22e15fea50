package relay

import (
	"errors"
	"testing"

	"voicerelay/relay/outcome"
	"voicerelay/relay/position"
	"voicerelay/relay/relaytest"
	"voicerelay/routing"
	"voicerelay/upstream"
)

// waiting is a generation whose turn has not come, spoken by alpha so far.
func waiting(t *testing.T) (g *Generation, spoke *attempt) {
	t.Helper()
	g = stage{vendor: relaytest.NewFake(), text: "Hello there.", output: relaytest.FakeFormat, waits: true}.generation(t)
	a := g.attempts.begin(g.req.plan.Candidates[0], betaMay())
	ordered(a)
	a.Audio(relaytest.FakeFrame('a'))
	return g, a
}

func betaMay() *routing.Verdict {
	return routing.NewCircuits(routing.DefaultCircuit(), nil).Allow(routing.Trial{Candidate: beta()})
}

func beta() routing.Candidate { return routing.Candidate{Target: routing.Target{Provider: "beta"}} }

func TestAttemptFromTheMiddleIsNotKeptWhenSuperseded(t *testing.T) {
	g, a := waiting(t)
	a.failLocked(&upstream.Error{Kind: upstream.Dropped, Message: "gone"})
	g.out.from = position.Resume{Char: 6, Source: position.SourceEstimate}
	next := g.attempts.begin(beta(), betaMay())
	g.attempts.supersede("beta")
	if !errors.Is(next.outcome.Err, outcome.ErrSuperseded) || g.out.from.Char != 0 {
		t.Errorf("got %v, from %d; want it superseded, from the beginning", next.outcome.Err, g.out.from.Char)
	}
	next.Audio(relaytest.FakeFrame('b'))
	if g.out.track.Samples != 0 {
		t.Error("the text's end was spoken without its beginning")
	}
}

// The provider took over from another, and then the whole context went elsewhere, before anybody looked.
func TestSupersedingForgetsATakeover(t *testing.T) {
	g, a := waiting(t)
	a.failLocked(&upstream.Error{Kind: upstream.Dropped, Message: "gone"})
	g.attempts.setActiveLocked(nil)
	g.attempts.begin(a.target, betaMay()).Audio(relaytest.FakeFrame('b'))
	g.attempts.supersede("beta")
	if got, want := g.attempts.takeChange(), (change{restartBy: "beta"}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

// What waits half in one voice and half in another is spoken anew as well, by the other alone.
func TestMixedVoicesAreSuperseded(t *testing.T) {
	g, a := waiting(t)
	a.failLocked(&upstream.Error{Kind: upstream.Dropped, Message: "gone"})
	g.attempts.setActiveLocked(nil)
	g.attempts.begin(beta(), betaMay()).Audio(relaytest.FakeFrame('b'))
	if g.attempts.supersede("beta"); !g.attempts.isSuperseded() {
		t.Error("it stays half in the former voice")
	}
	g.attempts.takeChange()
	g.attempts.begin(beta(), betaMay()).Audio(relaytest.FakeFrame('b'))
	if g.attempts.supersede("beta"); g.attempts.isSuperseded() {
		t.Error("it is spoken anew though the provider speaks all of it")
	}
}
