package server

import (
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"voicerelay/limits"
	"voicerelay/relay/relaytest"
	"voicerelay/routing"
	"voicerelay/upstream"
)

// paced is the usual pace but for what a test changes.
func paced(change func(*routing.Pace)) routing.Pace {
	pace := routing.DefaultPace()
	change(&pace)
	return pace
}

func TestHedgeSpeaksFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow, quick := relaytest.Lively(), relaytest.Lively()
		slow.First, quick.First = 2*time.Second, 100*time.Millisecond
		pace := paced(func(p *routing.Pace) { p.HedgeAfter, p.FirstAudioTimeout = 200*time.Millisecond, 5*time.Second })
		c := newPacedRig(t, pace, Config{}, []string{"alpha", "beta"}, fakes{"alpha": slow, "beta": quick}).dial("")
		c.send(generate("g1", relaytest.TwelveWords, ""))
		l := c.listen("g1")
		if l.first >= 350*time.Millisecond || l.heard != relaytest.Letters(relaytest.TwelveWords) || len(l.reroutes) != 0 {
			t.Errorf("first audio after %v, heard %q, %d reroutes", l.first, l.heard, len(l.reroutes))
		}
		if want := []string{"alpha hedged", "beta completed"}; !slices.Equal(l.providers, want) {
			t.Errorf("attempts: got %v, want %v", l.providers, want)
		}
		if got := slow.Causes(); len(got) != 1 || upstream.KindOf(got[0]) != upstream.Canceled {
			t.Errorf("the loser was closed %d times, %v", len(got), got)
		}
	})
}

// A hedge that loses leaves the first alone, costs it nothing, and stays to be tried.
func TestHedgeThatLosesMayBeTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		first, second := relaytest.Lively(), relaytest.Lively()
		first.First, second.First = 900*time.Millisecond, time.Second
		first.FailAt, first.Failure = 20, &upstream.Error{Kind: upstream.Dropped, Message: "gone"}
		pace := paced(func(p *routing.Pace) { p.MaxAttempts = 2 })
		c := newPacedRig(t, pace, Config{}, []string{"alpha", "beta"}, fakes{"alpha": first, "beta": second}).dial("")
		c.send(generate("g1", relaytest.TwelveWords, ""))
		l := c.listen("g1")
		want := []string{"alpha failed", "beta hedged", "beta completed"}
		if !slices.Equal(l.providers, want) || l.heard != relaytest.Letters(relaytest.TwelveWords) {
			t.Errorf("attempts: got %v, want %v; heard %q", l.providers, want, l.heard)
		}
	})
}

func TestBackupComesBeforeTheAudioRunsOut(t *testing.T) {
	for _, stallAt := range []int{2, 20, 31, 40} {
		t.Run(fmt.Sprint("stalled after ", stallAt), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				first, second := relaytest.Lively(), relaytest.Lively()
				first.StallAt, second.First = stallAt, 100*time.Millisecond
				c := newRig(t, Config{}, []string{"alpha", "beta"}, fakes{"alpha": first, "beta": second}).dial("")
				c.send(generate("g1", relaytest.TwelveWords, ""))
				l := c.listen("g1")
				if want := []string{"alpha hedged", "beta completed"}; !slices.Equal(l.providers, want) {
					t.Fatalf("attempts: got %v, want %v", l.providers, want)
				}
				r := l.reroutes[0]
				if missing, doubled := seamIn(t, relaytest.TwelveWords, l.heard, int(r["resume_char"].(float64))); missing+doubled > 0 || r["reason"] != "stalled" {
					t.Errorf("heard %q, %v", l.heard, r)
				}
				// What is in hand at 20 characters outlasts the silence that shows a stall and the backup's first audio.
				if stallAt >= 20 && l.gap > 0 {
					t.Errorf("playback ran dry for %v", l.gap)
				}
			})
		})
	}
}

// While a backup is on its way the first goes on: it speaks alone again, as if nothing had been.
func TestFirstAttemptThatGoesOnStaysActive(t *testing.T) {
	for name, times := range map[string]relaytest.FakeTimes{"ahead": relaytest.TimesAhead, "spoken": relaytest.TimesSpoken, "never": relaytest.TimesNever} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				first, second := relaytest.Lively(), relaytest.Lively()
				first.Times, first.StallAt, first.StallFor = times, 24, 1200*time.Millisecond
				second.First = 5 * time.Second
				c := newRig(t, Config{}, []string{"alpha", "beta"}, fakes{"alpha": first, "beta": second}).dial("")
				c.send(generate("g1", relaytest.TwelveWords, ""))
				l := c.listen("g1")
				if want := []string{"alpha completed", "beta hedged"}; !slices.Equal(l.providers, want) {
					t.Errorf("attempts: got %v, want %v", l.providers, want)
				}
				if l.heard != relaytest.Letters(relaytest.TwelveWords) || len(l.reroutes) != 0 {
					t.Errorf("heard %q with %d reroutes", l.heard, len(l.reroutes))
				}
			})
		})
	}
}

// A vendor slower than its listener is never silent for longer than usual: it has gaps, but no backup takes over.
func TestSlowVendorIsLeftAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		first, second := relaytest.Lively(), relaytest.Lively()
		first.Pace = 250*time.Millisecond + 50*time.Millisecond
		c := newRig(t, Config{}, []string{"alpha", "beta"}, fakes{"alpha": first, "beta": second}).dial("")
		c.send(generate("g1", relaytest.TwelveWords, ""))
		l := c.listen("g1")
		if l.heard != relaytest.Letters(relaytest.TwelveWords) || len(l.reroutes) > 0 || len(l.providers) > 2 { // one before two frames tell what is usual
			t.Errorf("heard %q, attempts: %v", l.heard, l.providers)
		}
	})
}

// A vendor that has said all and is slow to end gets no backup, which would have nothing to say and win.
func TestVendorThatIsSlowToEndIsLeftAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		first, second := relaytest.Lively(), relaytest.Lively()
		text := relaytest.TwelveWords + "..." // the dots are silence
		first.StallAt, first.StallFor = len(text)-1, 1900*time.Millisecond
		pace := paced(func(p *routing.Pace) { p.Cushion = 100 * time.Millisecond })
		r := newPacedRig(t, pace, Config{}, []string{"alpha", "beta"}, fakes{"alpha": first, "beta": second})
		c := r.dial("")
		c.send(generate("g1", text, ""))
		l := c.listen("g1")
		if !slices.Equal(l.providers, []string{"alpha completed"}) || len(second.Asked) != 0 {
			t.Errorf("attempts: got %v, and %d at the other", l.providers, len(second.Asked))
		}
	})
}

// A place that comes free while an attempt stalls is taken.
func TestFullBackupIsAskedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		first, second := relaytest.Lively(), relaytest.Lively()
		first.StallAt = 40
		pace := paced(func(p *routing.Pace) { p.StallTimeout = time.Minute })
		r := newPacedRig(t, pace, Config{}, []string{"alpha", "beta"}, fakes{"alpha": first, "beta": second})
		place := r.setup().Provider("beta").Slots()
		place.Resize(1, 0)
		place.Take("another")
		time.AfterFunc(3*time.Second, func() { place.Give("another") })
		c := r.dial("")
		began := time.Now()
		c.send(generate("g1", relaytest.TwelveWords, ""))
		l := c.listen("g1")
		if took := time.Since(began); took > 6*time.Second || l.heard != relaytest.Letters(relaytest.TwelveWords) {
			t.Errorf("heard %q after %v", l.heard, took)
		}
		if !place.Take("another") {
			t.Error("the slot is taken at the end")
		}
	})
}

// A target that broke off may come to another's help once that one has spoken.
func TestInterruptedTargetCanBeTheBackup(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		first, second := relaytest.Lively(), relaytest.Lively()
		first.FailAt, first.Failure = 20, &upstream.Error{Kind: upstream.Dropped, Message: "gone"}
		second.StallAt = 20
		pace := paced(func(p *routing.Pace) { p.StallTimeout = time.Minute })
		c := newPacedRig(t, pace, Config{}, []string{"alpha", "beta"}, fakes{"alpha": first, "beta": second}).dial("")
		c.send(generate("g1", "One two three four five six seven eight nine.", ""))
		c.until("rerouted")
		first.Breaks(0, nil)
		began := time.Now()
		l := c.listen("g1")
		want := []string{"alpha failed", "beta hedged", "alpha completed"}
		if took := time.Since(began); !slices.Equal(l.providers, want) || took > 10*time.Second {
			t.Errorf("attempts: got %v after %v, want %v", l.providers, took, want)
		}
	})
}

// A text that is left open while it speaks well does not keep a target that is well again from the others.
func TestGoodAudioOfAnOpenTextClosesTheCircuit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		alpha, beta := relaytest.Lively(), relaytest.Lively()
		alpha.Breaks(1, &upstream.Error{Kind: upstream.Dropped, Message: "gone"})
		c := newRig(t, Config{}, []string{"alpha", "beta"}, fakes{"alpha": alpha, "beta": beta}).dial("")
		circuit := routing.DefaultCircuit()
		for i := range circuit.ConsecutiveFailures {
			c.send(generate(fmt.Sprint("f", i), relaytest.TwelveWords, ""))
			c.until("done")
		}
		alpha.Breaks(0, nil)
		time.Sleep(circuit.OpenFor + time.Second)
		c.send(generate("open", "This is a sentence that takes its time. ", `,"final":false`))
		if started, _ := c.until("started"); started["provider"] != "alpha" {
			t.Fatalf("the first after the rest: %v", started)
		}
		time.Sleep(5 * time.Second)
		c.send(generate("next", relaytest.TwelveWords, ""))
		if started, _ := c.until("started"); started["generation_id"] != "next" || started["provider"] != "alpha" {
			t.Errorf("next to an open text that speaks well: %v", started)
		}
	})
}

// Requests spent on a vendor that flaps: none while its circuit is open, and one to see whether it is well again.
func TestFlappingVendorCostsNothingWhileOpen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		flapping, well := relaytest.NewFake(), relaytest.NewFake()
		flapping.Refuse = &upstream.Error{Kind: upstream.ConnectFailed, Message: "refused"}
		cfg := Config{}
		cfg.Local.Limits = limits.Default()
		cfg.Local.Limits.GenerationsPerMinute = 1000
		r := newRig(t, cfg, []string{"alpha", "beta"}, fakes{"alpha": flapping, "beta": well})
		c := r.dial("")
		const all, every = 1200, 500 * time.Millisecond // ten minutes
		for i := range all {
			id := fmt.Sprint("g", i)
			c.send(generate(id, "Hi.", ""))
			if l := c.listen(id); l.done["reason"] != "completed" {
				t.Fatalf("generation %d: %v", i, l.done)
			}
			time.Sleep(every)
		}
		circuit := routing.DefaultCircuit()
		asked := flapping.Asked
		if n := len(asked); n < circuit.ConsecutiveFailures+30 || n > circuit.ConsecutiveFailures+40 {
			t.Errorf("requests to the vendor in ten minutes: %d", n)
		}
		for i := circuit.ConsecutiveFailures; i < len(asked); i++ {
			if rest := asked[i].Sub(asked[i-1]); rest < circuit.OpenFor {
				t.Fatalf("request %d came %v after the one before, want %v of rest", i, rest, circuit.OpenFor)
			}
		}
	})
}

// An open text that pauses in mid-sentence is no failure, however the vendor marks its pieces' ends.
func TestPauseInMidSentenceTripsNothing(t *testing.T) {
	for _, ends := range []upstream.PieceEnds{upstream.PieceEndsExact, upstream.PieceEndsCounted, upstream.PieceEndsNone} {
		for _, text := range []string{"Okay. ", "This sentence is here. ", "No. "} {
			t.Run(fmt.Sprint(ends, " ", text), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					first, second := relaytest.Deaf(ends), relaytest.Lively()
					r := newRig(t, Config{}, []string{"alpha", "beta"}, fakes{"alpha": first, "beta": second})
					c := r.dial("")
					c.rehearse()
					c.send(generate("g1", text, `,"final":false`))
					c.send(`{"type":"flush","generation_id":"g1"}`)
					time.AfterFunc(10*time.Second, func() {
						c.send(`{"type":"append","generation_id":"g1","text":"And this one comes late.","final":true}`)
					})
					l := c.listen("g1")
					if !slices.Equal(l.providers, []string{"alpha completed"}) || len(second.Asked) != 0 {
						t.Errorf("attempts: got %v, and %d at the other", l.providers, len(second.Asked))
					}
					if want := relaytest.Letters(text + "And this one comes late."); l.heard != want {
						t.Errorf("heard %q, want %q", l.heard, want)
					}
					if got := r.setup().State(routing.Target{Provider: "alpha", Model: "m1"}); got != routing.Closed {
						t.Errorf("circuit: got %s", got)
					}
				})
			})
		}
	}
}
