package routing

import (
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"voicerelay/upstream"
)

// tryAs is one attempt of a tenant with a voice.
func tryAs(c *Circuits, tenant, voice string, verdict error) bool {
	done := c.Allow(Trial{Candidate: Candidate{Target: target, Voice: voice}, Tenant: tenant})
	if done != nil {
		done.Tell(verdict)
	}
	return done != nil
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
		if tryAs(c, "acme", "mute", nil) || c.Resting(Candidate{Target: target, Voice: "mute"}) == "" {
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

// Where several tenants use a voice, what one of them has it say nothing of does not take it from the others.
func TestSilenceOfAVoiceNeedsTwoTenants(t *testing.T) {
	silent := failed(upstream.NoAudio)
	tests := map[string]struct {
		before func(c *Circuits) // the first silence
		open   bool
	}{
		"another tenant used it":             {func(c *Circuits) { tryAs(c, "well", "v1", nil) }, false},
		"another tenant used another voice":  {func(c *Circuits) { tryAs(c, "well", "v2", nil) }, true},
		"nobody else used it":                {func(*Circuits) {}, true},
		"another tenant used it long before": {func(c *Circuits) { tryAs(c, "well", "v1", nil); time.Sleep(31 * time.Second) }, true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := NewCircuits(DefaultCircuit(), quiet)
				test.before(c)
				for range 5 {
					tryAs(c, "acme", "v1", silent)
				}
				if got := c.Resting(Candidate{Target: target, Voice: "v1"}); (got != "") != test.open {
					t.Fatalf("after one tenant's silence: resting %v, want %v", got, test.open)
				}
				tryAs(c, "well", "v1", silent)
				if c.Resting(Candidate{Target: target, Voice: "v1"}) == "" {
					t.Error("after two tenants' silence the voice is still tried")
				}
			})
		})
	}
}

// Clients may name any number of raw voices.
func TestVoicesThatSpeakAreRememberedWithinBounds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := NewCircuits(DefaultCircuit(), quiet)
		for i := range 5 * maxSpeakers {
			tryAs(c, "acme", fmt.Sprint("raw", i), nil)
		}
		if got := len(c.speakers); got > maxSpeakers {
			t.Errorf("%d voices are remembered", got)
		}
	})
}

// A generation in a half-open circuit that speaks well lets the others pass before its end.
func TestGoodAudioClosesAHalfOpenCircuit(t *testing.T) {
	opened := func(t *testing.T) (*Circuits, *Verdict) {
		c := NewCircuits(DefaultCircuit(), quiet)
		for range 5 {
			try(c, failed(upstream.Dropped))
		}
		time.Sleep(16 * time.Second)
		trial := c.Allow(Trial{Candidate: Candidate{Target: target, Voice: "v1"}, Tenant: "acme"})
		if trial == nil || !trial.Awaited() || try(c, nil) {
			t.Fatal("the circuit is not half open")
		}
		trial.Speaks()
		if c.State(target) != Closed || !try(c, nil) {
			t.Fatalf("a target that speaks well is kept from the others: %s", c.State(target))
		}
		return c, trial
	}
	t.Run("a later failure counts once", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			c, trial := opened(t)
			trial.Tell(failed(upstream.Dropped))
			trial.Tell(failed(upstream.Dropped))
			for range 3 {
				try(c, failed(upstream.Dropped))
			}
			if c.State(target) != Closed {
				t.Fatal("four failures opened the circuit")
			}
			try(c, failed(upstream.Dropped))
			if c.State(target) != Open {
				t.Error("the trial's own failure did not count")
			}
		})
	})
	t.Run("a good end is no second success", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			c, trial := opened(t)
			for range 4 {
				try(c, failed(upstream.Dropped))
			}
			trial.Tell(nil)
			try(c, failed(upstream.Dropped))
			if c.State(target) != Open {
				t.Error("the trial's end counted as another attempt")
			}
		})
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
					if try(c, nil) || c.Resting(Candidate{Target: target}) == "" {
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
		verdicts := make([]*Verdict, 16)
		for i := range verdicts {
			verdicts[i] = c.Allow(Trial{Candidate: Candidate{Target: target, Voice: "v1"}, Tenant: "acme"})
		}
		var together sync.WaitGroup
		for i, verdict := range verdicts {
			together.Go(func() {
				if i == len(verdicts)/2 {
					verdict.Tell(failed(upstream.AuthFailed))
				} else {
					verdict.Tell(nil)
				}
			})
		}
		together.Wait()
		if got := c.State(target); got != Open {
			t.Fatalf("got %s", got)
		}
	}
}
