package relay

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"voicerelay/upstream"
)

func take(ctx context.Context, s *slots, patience time.Duration) bool {
	return takeAny(ctx, "acme", []*slots{s}, patience) != nil
}

func TestSlotsWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSlots(1, 0)
		if !take(t.Context(), s, 0) {
			t.Fatal("the only place was not free")
		}
		began := time.Now()
		if take(t.Context(), s, time.Second) || time.Since(began) != time.Second {
			t.Errorf("a full provider: waited %v, want a second in vain", time.Since(began))
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		time.AfterFunc(30*time.Second, func() { s.give("acme") })
		if !take(ctx, s, -1) {
			t.Error("a place came free and was not taken")
		}
		if take(ctx, s, -1) {
			t.Error("a place was taken that there is not")
		}
		if got := s.queue(); got != 0 {
			t.Errorf("waiting: %d", got)
		}
	})
}

func TestMorePlacesGoToWhoWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSlots(1, 0)
		take(t.Context(), s, 0)
		served := make(chan struct{}, 3)
		for range 3 {
			go func() {
				take(t.Context(), s, -1)
				served <- struct{}{}
			}()
		}
		synctest.Wait() // all of them wait
		s.resize(3, 0)
		synctest.Wait()
		if got := len(served); got != 2 {
			t.Errorf("%d of those who wait have a place of the two that came, want both", got)
		}
		s.resize(2, 0)
		s.give("acme") // of three, so that still none is free
		synctest.Wait()
		if got := len(served); got != 2 {
			t.Error("a place was given that there is not")
		}
		s.resize(0, 0)
		<-served
	})
}

func TestPlacesGoToTheTenantThatHasFewest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSlots(2, 0)
		among := []*slots{s}
		takeAny(t.Context(), "greedy", among, 0)
		takeAny(t.Context(), "greedy", among, 0)
		served := make(chan string, 3)
		for _, tenant := range []string{"greedy", "greedy", "modest"} {
			go func() {
				takeAny(t.Context(), tenant, among, -1)
				served <- tenant
			}()
			synctest.Wait() // it waits in this order
		}
		s.give("greedy")
		if got := <-served; got != "modest" {
			t.Errorf("the first place went to %s, want who has none", got)
		}
		s.give("greedy")
		s.give("modest")
		if a, b := <-served, <-served; a != "greedy" || b != "greedy" {
			t.Errorf("the others went to %s and %s", a, b)
		}
	})
}

func TestAnyFreePlaceWillDo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		full, other := newSlots(1, 0), newSlots(1, 0)
		takeAny(t.Context(), "acme", []*slots{full}, 0)
		takeAny(t.Context(), "acme", []*slots{other}, 0)
		time.AfterFunc(time.Second, func() { other.give("acme") })
		if got := takeAny(t.Context(), "acme", []*slots{full, other}, -1); got != other {
			t.Error("waited for the wrong one")
		}
		full.give("acme")
		if full.taken != 0 || full.queue() != 0 || other.queue() != 0 {
			t.Errorf("left behind: %d taken, %d and %d waiting", full.taken, full.queue(), other.queue())
		}
	})
}

func TestFullProviderIsPassedOverOrWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		first, second := newFake(), newFake()
		first.pace, second.pace = 50*time.Millisecond, 50*time.Millisecond
		r := newRig(t, Config{}, []string{"alpha", "beta"}, fakes{"alpha": first, "beta": second})
		for _, p := range r.setup().order {
			p.slots = newSlots(1, 0)
		}
		c := r.dial("")
		for i := range 3 {
			c.send(generate(fmt.Sprint("g", i), twelveWords, ""))
		}
		by := map[any]int{}
		for done := 0; done < 3; {
			switch e := c.next(); e.kind() {
			case "started":
				by[e["provider"]]++
			case "done":
				done++
				if e["reason"] != "completed" {
					t.Errorf("got %v", e)
				}
			}
		}
		if by["alpha"]+by["beta"] != 3 || by["alpha"] == 0 || by["beta"] == 0 {
			t.Errorf("spoken by %v, want the second by the next target and the third by the first that came free", by)
		}
	})
}

func TestWaitForASlotEndsWithACancel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		f.pace = 50 * time.Millisecond
		r := newRig(t, Config{}, []string{"alpha"}, fakes{"alpha": f})
		r.setup().order[0].slots = newSlots(1, 0)
		c := r.dial("")
		c.send(generate("g1", twelveWords, ""))
		c.until("audio")
		c.send(generate("g2", twelveWords, ""))
		c.until("accepted")
		c.send(`{"type":"cancel","generation_id":"g2"}`)
		if done, _ := c.until("done"); done["generation_id"] != "g2" || done["reason"] != "cancelled" {
			t.Errorf("got %v", done)
		}
	})
}

// A barge-in at a vendor that is full waits for the place of what it cancelled, which the vendor lets go of a moment later.
func TestBargeInWaitsForThePlaceThatIsBeingLeft(t *testing.T) {
	tests := map[string]struct {
		order   []string
		lingers time.Duration
		by      string
		after   time.Duration
	}{
		"one target":                         {[]string{"alpha"}, time.Second, "alpha", time.Second},
		"one target that takes its time":     {[]string{"alpha"}, 3 * time.Second, "alpha", 3 * time.Second},
		"a backup":                           {[]string{"alpha", "beta"}, time.Second, "alpha", time.Second},
		"a backup, and too long a wait":      {[]string{"alpha", "beta"}, 4 * time.Second, "beta", 3 * time.Second},
		"a vendor that confirms at once":     {[]string{"alpha", "beta"}, 0, "alpha", 0},
		"a confirmation within the patience": {[]string{"alpha", "beta"}, 80 * time.Millisecond, "alpha", 80 * time.Millisecond},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				alpha, beta := lively(), lively()
				alpha.lingers = test.lingers
				r := newRig(t, Config{}, test.order, fakes{"alpha": alpha, "beta": beta})
				r.setup().order[0].slots = newSlots(1, 0)
				c := r.dial("")
				c.send(generate("g1", twelveWords, ""))
				c.until("audio")
				time.Sleep(250 * time.Millisecond)
				c.send(`{"type":"cancel","generation_id":"g1"}`)
				began := time.Now()
				c.send(generate("g2", twelveWords, ""))
				l := c.listen("g2")
				if want := []string{test.by + " completed"}; !slices.Equal(l.providers, want) || l.heard != lettersOf(twelveWords) {
					t.Errorf("attempts: got %v, want %v; heard %q", l.providers, want, l.heard)
				}
				f := map[string]*fakeProvider{"alpha": alpha, "beta": beta}[test.by]
				f.mu.Lock()
				defer f.mu.Unlock()
				if got := f.asked[len(f.asked)-1].Sub(began); got != test.after {
					t.Errorf("the second began after %v, want %v", got, test.after)
				}
			})
		})
	}
}

// Who is not the next to be served goes to the backup when its patience is over, though a place is being left.
func TestAPlaceThatIsBeingLeftIsForOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSlots(1, 0)
		s.take("acme")
		s.leave(&holder{tenant: "acme"})
		time.AfterFunc(time.Second, func() { s.gone("acme") })
		first := make(chan bool)
		go func() { first <- take(t.Context(), s, 100*time.Millisecond) }()
		synctest.Wait()
		began := time.Now()
		if take(t.Context(), s, 100*time.Millisecond) || time.Since(began) != 100*time.Millisecond {
			t.Errorf("the second waited %v, want its patience", time.Since(began))
		}
		if !<-first || time.Since(began) != time.Second {
			t.Errorf("the first has no place after %v", time.Since(began))
		}
	})
}

// A place that a cancelled stream still has is nobody's: there are never more streams at the vendor than it takes.
func TestALingeringStreamKeepsItsPlace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := lively()
		f.lingers = time.Second
		r := newRig(t, Config{}, []string{"alpha"}, fakes{"alpha": f})
		r.setup().order[0].slots = newSlots(2, 0)
		c := r.dial("")
		for i := range 6 {
			c.send(generate(fmt.Sprint("g", i), twelveWords, ""))
		}
		for ended, cancelled := 0, false; ended < 6; {
			switch e := c.next(); e.kind() {
			case "audio":
				if !cancelled {
					cancelled = true
					c.send(`{"type":"cancel","generation_id":"g0"}`)
				}
			case "done":
				ended++
			}
		}
		time.Sleep(time.Minute)
		if got, _ := f.crowd(); got != 2 {
			t.Errorf("%d streams were at the vendor at once, want 2", got)
		}
		s := r.setup().order[0].slots
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.taken != 0 || s.leaving != 0 || len(s.held) != 0 {
			t.Errorf("left behind: %d places taken, %d leaving, held %v", s.taken, s.leaving, s.held)
		}
	})
}

// A vendor whose bound its adapter knows is waited for like one that the operator bounds.
func TestTheVendorsOwnBoundIsWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := lively()
		f.caps.Concurrent = 1
		c := newRig(t, Config{}, []string{"alpha"}, fakes{"alpha": f}).dial("")
		for i := range 3 {
			c.send(generate(fmt.Sprint("g", i), "One.", ""))
		}
		for range 3 {
			if done, _ := c.until("done"); done["reason"] != "completed" {
				t.Errorf("got %v", done)
			}
		}
		if most, _ := f.crowd(); most != 1 {
			t.Errorf("%d streams were at the vendor at once, want 1", most)
		}
	})
}

var _ upstream.Provider = (*fakeProvider)(nil)
