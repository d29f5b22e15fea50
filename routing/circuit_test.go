package routing

import (
	"testing"
	"testing/synctest"
	"time"

	"voicerelay/upstream"
)

var target = Target{Provider: "alpha", Model: "m1"}

func failed(kind upstream.Kind) error { return &upstream.Error{Kind: kind, Message: "no"} }

// try is one attempt with its verdict; it reports whether the circuit let it pass.
func try(c *Circuits, verdict error) bool {
	done := c.Allow(Trial{Candidate: Candidate{Target: target, Voice: "v1"}, Tenant: "acme"})
	if done != nil {
		done.Tell(verdict)
	}
	return done != nil
}

func quiet(Target, State) {}

func TestFailuresOpenACircuitAndTimeHalvesIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var states []State
		c := NewCircuits(DefaultCircuit(), func(_ Target, s State) { states = append(states, s) })
		for i := range 5 {
			if !try(c, failed(upstream.Dropped)) {
				t.Fatalf("attempt %d was not let through", i)
			}
		}
		if try(c, nil) || c.State(target) != Open {
			t.Fatal("an open circuit let an attempt through")
		}
		time.Sleep(16 * time.Second)
		first := c.Allow(Trial{Candidate: Candidate{Target: target, Voice: "v1"}, Tenant: "acme"})
		if first == nil || c.State(target) != HalfOpen {
			t.Fatal("after its rest nobody may try the target")
		}
		if try(c, nil) {
			t.Error("a half-open circuit let a second one through")
		}
		first.Tell(nil)
		first.Tell(failed(upstream.Dropped)) // only the first verdict counts
		if !try(c, nil) || c.State(target) != Closed {
			t.Error("a success did not close the circuit")
		}
		if len(states) != 3 || states[0] != Open || states[1] != HalfOpen || states[2] != Closed {
			t.Errorf("changes told: %v", states)
		}
	})
}

func TestWhatOpensAtOnceAndWhatNever(t *testing.T) {
	tests := map[string]struct {
		verdict error
		times   int
		want    State
	}{
		"a bad key":          {failed(upstream.AuthFailed), 1, Open},
		"no credit":          {failed(upstream.NoCredit), 1, Open},
		"one drop":           {failed(upstream.Dropped), 1, Closed},
		"throttled, often":   {failed(upstream.Throttled), 50, Closed},
		"rejected, often":    {failed(upstream.Rejected), 50, Closed},
		"undecided, often":   {ErrUndecided, 50, Closed},
		"cancelled, often":   {failed(upstream.Canceled), 50, Closed},
		"five timeouts":      {failed(upstream.FirstAudioTimeout), 5, Open},
		"well, and all well": {nil, 50, Closed},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			c := NewCircuits(DefaultCircuit(), quiet)
			for range test.times {
				try(c, test.verdict)
			}
			if got := c.State(target); got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}

func TestRatioOpensACircuit(t *testing.T) {
	c := NewCircuits(DefaultCircuit(), quiet)
	for i := range 10 {
		verdict := error(nil)
		if i%2 == 0 {
			verdict = failed(upstream.UpstreamError)
		}
		try(c, verdict)
	}
	try(c, failed(upstream.UpstreamError))
	if got := c.State(target); got != Open {
		t.Errorf("after every other attempt failed: got %s, want open", got)
	}
}

func TestCircuitsAreApart(t *testing.T) {
	c := NewCircuits(DefaultCircuit(), quiet)
	for range 5 {
		try(c, failed(upstream.Dropped))
	}
	if other := (Target{Provider: "alpha", Model: "m2"}); c.State(other) != Closed {
		t.Error("another model's circuit opened too")
	}
}
