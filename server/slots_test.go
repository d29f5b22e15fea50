package server

import (
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"voicerelay/limits"
	"voicerelay/relay/relaytest"
	"voicerelay/upstream"
)

func TestFullProviderIsPassedOverOrWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		first, second := relaytest.NewFake(), relaytest.NewFake()
		first.Pace, second.Pace = 50*time.Millisecond, 50*time.Millisecond
		r := newRig(t, Config{}, []string{"alpha", "beta"}, fakes{"alpha": first, "beta": second})
		for _, p := range r.setup().Providers() {
			p.Slots().Resize(1, 0)
		}
		c := r.dial("")
		for i := range 3 {
			c.send(generate(fmt.Sprint("g", i), relaytest.TwelveWords, ""))
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
		f := relaytest.NewFake()
		f.Pace = 50 * time.Millisecond
		r := newRig(t, Config{}, []string{"alpha"}, fakes{"alpha": f})
		r.setup().Providers()[0].Slots().Resize(1, 0)
		c := r.dial("")
		c.send(generate("g1", relaytest.TwelveWords, ""))
		c.until("audio")
		c.send(generate("g2", relaytest.TwelveWords, ""))
		c.until("accepted")
		c.send(`{"type":"cancel","generation_id":"g2"}`)
		if done, _ := c.until("done"); done["generation_id"] != "g2" || done["reason"] != "cancelled" {
			t.Errorf("got %v", done)
		}
	})
}

// A barge-in at a vendor that is full waits for the place of what it cancelled, which the vendor lets go of a moment later.
func TestBargeInWaitsForTheSlotThatIsBeingLeft(t *testing.T) {
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
				alpha, beta := relaytest.Lively(), relaytest.Lively()
				alpha.Lingers = test.lingers
				r := newRig(t, Config{}, test.order, fakes{"alpha": alpha, "beta": beta})
				r.setup().Providers()[0].Slots().Resize(1, 0)
				c := r.dial("")
				c.send(generate("g1", relaytest.TwelveWords, ""))
				c.until("audio")
				time.Sleep(250 * time.Millisecond)
				c.send(`{"type":"cancel","generation_id":"g1"}`)
				began := time.Now()
				c.send(generate("g2", relaytest.TwelveWords, ""))
				l := c.listen("g2")
				if want := []string{test.by + " completed"}; !slices.Equal(l.providers, want) || l.heard != relaytest.Letters(relaytest.TwelveWords) {
					t.Errorf("attempts: got %v, want %v; heard %q", l.providers, want, l.heard)
				}
				f := map[string]*relaytest.FakeProvider{"alpha": alpha, "beta": beta}[test.by]
				f.Mu.Lock()
				defer f.Mu.Unlock()
				if got := f.Asked[len(f.Asked)-1].Sub(began); got != test.after {
					t.Errorf("the second began after %v, want %v", got, test.after)
				}
			})
		})
	}
}

// A slot that a cancelled stream still has is not given away: there are never more streams at the vendor than it takes.
func TestLingeringStreamKeepsItsSlot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := relaytest.Lively()
		f.Lingers = time.Second
		r := newRig(t, Config{}, []string{"alpha"}, fakes{"alpha": f})
		r.setup().Providers()[0].Slots().Resize(2, 0)
		c := r.dial("")
		for i := range 6 {
			c.send(generate(fmt.Sprint("g", i), relaytest.TwelveWords, ""))
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
		if got, _ := f.Crowd(); got != 2 {
			t.Errorf("%d streams were at the vendor at once, want 2", got)
		}
		s := r.setup().Providers()[0].Slots()
		free := 0
		for s.Take("acme") {
			free++
		}
		if free != 2 {
			t.Errorf("%d slots are free at the end, want 2", free)
		}
		began := time.Now()
		if limits.TakeSlot(t.Context(), "acme", []*limits.Slots{s}, time.Millisecond); time.Since(began) != time.Millisecond {
			t.Errorf("waited %v, as for a place that is being left", time.Since(began))
		}
	})
}

// A vendor whose bound its adapter knows is waited for like one that the operator bounds.
func TestTheVendorsOwnBoundIsWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := relaytest.Lively()
		f.Caps.Concurrent = 1
		c := newRig(t, Config{}, []string{"alpha"}, fakes{"alpha": f}).dial("")
		for i := range 3 {
			c.send(generate(fmt.Sprint("g", i), "One.", ""))
		}
		for range 3 {
			if done, _ := c.until("done"); done["reason"] != "completed" {
				t.Errorf("got %v", done)
			}
		}
		if most, _ := f.Crowd(); most != 1 {
			t.Errorf("%d streams were at the vendor at once, want 1", most)
		}
	})
}

var _ upstream.Provider = (*relaytest.FakeProvider)(nil)
