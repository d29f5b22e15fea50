package routing

import (
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"voicerelay/upstream"
)

// tryAs is one attempt of a tenant with a voice.
func tryAs(c *Circuits, tenant, voice string, verdict error) bool {
	done, ok := c.Allow(Trial{Candidate: Candidate{Target: target, Voice: voice}, Tenant: tenant})
	if ok {
		done(verdict)
	}
	return ok
}

// Where several tenants use a target, what one of them sends does not take it from the others.
func TestTripNeedsTwoTenants(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := NewCircuits(DefaultCircuit(), quiet)
		tryAs(c, "well", "v1", nil)
		for range 20 {
			tryAs(c, "acme", "v1", failed(upstream.Dropped))
		}
		if got := c.State(target); got != Closed {
			t.Fatalf("after one tenant's failures: got %s", got)
		}
		tryAs(c, "well", "v1", failed(upstream.Dropped))
		if got := c.State(target); got != Open {
			t.Errorf("after two tenants' failures: got %s", got)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		c := NewCircuits(DefaultCircuit(), quiet)
		tryAs(c, "gone", "v1", nil)
		time.Sleep(DefaultCircuit().Window + time.Second)
		for range 5 {
			tryAs(c, "acme", "v1", failed(upstream.Dropped))
		}
		if got := c.State(target); got != Open {
			t.Errorf("after the only tenant's failures: got %s", got)
		}
	})
}

// A voice that says nothing rests by itself; a second one makes it the target's fault.
func TestSilentVoiceRestsAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := NewCircuits(DefaultCircuit(), quiet)
		for range 5 {
			tryAs(c, "acme", "mute", failed(upstream.NoAudio))
		}
		if tryAs(c, "acme", "mute", nil) || !c.Resting(Candidate{Target: target, Voice: "mute"}) {
			t.Error("a silent voice is still tried")
		}
		if !tryAs(c, "acme", "v1", nil) || c.State(target) != Closed {
			t.Error("another voice is not")
		}
		time.Sleep(DefaultCircuit().OpenFor + time.Second)
		for range 2 {
			if !tryAs(c, "acme", "mute", nil) {
				t.Error("after its rest the voice does not come back")
			}
		}
		for range 5 {
			tryAs(c, "acme", "mute", failed(upstream.NoAudio))
			tryAs(c, "acme", "hoarse", failed(upstream.ShortAudio))
		}
		if got := c.State(target); got != Open {
			t.Errorf("after two silent voices: got %s", got)
		}
	})
}

// A trial of a half-open circuit that says nothing, for the client left, leaves room for the next.
func TestUndecidedTrialFreesItsPlace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := NewCircuits(DefaultCircuit(), quiet)
		for range 5 {
			try(c, failed(upstream.Dropped))
		}
		time.Sleep(DefaultCircuit().OpenFor + time.Second)
		for _, verdict := range []error{ErrUndecided, failed(upstream.Rejected), failed(upstream.NoAudio), failed(upstream.Canceled)} {
			if !try(c, verdict) || c.State(target) != HalfOpen {
				t.Fatalf("around %v: got %s", verdict, c.State(target))
			}
		}
		if !try(c, nil) || c.State(target) != Closed {
			t.Errorf("after a success: got %s", c.State(target))
		}
	})
}

func TestCooldown(t *testing.T) {
	throttled := func(after time.Duration) error {
		return &upstream.Error{Kind: upstream.Throttled, Code: "429", Message: "too fast", RetryAfter: after}
	}
	tests := map[string]struct {
		verdict error
		rest    time.Duration
	}{
		"as long as asked":      {throttled(7 * time.Second), 7 * time.Second},
		"nothing asked":         {throttled(0), usualCooldown},
		"a day":                 {throttled(24 * time.Hour), longestCooldown},
		"no room in an adapter": {&upstream.Error{Kind: upstream.Throttled, Message: "full"}, 0},
		"another failure":       {&upstream.Error{Kind: upstream.Dropped, Code: "x", RetryAfter: time.Minute}, 0},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := NewCircuits(DefaultCircuit(), quiet)
				try(c, test.verdict)
				if test.rest > 0 {
					time.Sleep(test.rest - time.Millisecond)
					if try(c, nil) || !c.Resting(Candidate{Target: target}) {
						t.Error("tried before its rest was over")
					}
					time.Sleep(time.Millisecond)
				}
				if !try(c, nil) {
					t.Error("not tried after its rest")
				}
			})
		})
	}
}

// A bad key opens the circuit at once, whatever else ends at the same moment.
func TestBadKeyOpensAmongSuccesses(t *testing.T) {
	for range 500 {
		c := NewCircuits(DefaultCircuit(), quiet)
		verdicts := make([]Verdict, 16)
		for i := range verdicts {
			verdicts[i], _ = c.Allow(Trial{Candidate: Candidate{Target: target, Voice: "v1"}, Tenant: "acme"})
		}
		var together sync.WaitGroup
		for i, verdict := range verdicts {
			together.Go(func() {
				if i == len(verdicts)/2 {
					verdict(failed(upstream.AuthFailed))
				} else {
					verdict(nil)
				}
			})
		}
		together.Wait()
		if got := c.State(target); got != Open {
			t.Fatalf("got %s", got)
		}
	}
}
