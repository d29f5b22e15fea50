package relay

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"voicerelay/audio"
	"voicerelay/billing"
	"voicerelay/limits"
	"voicerelay/routing"
	"voicerelay/text"
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
		slow, quick := lively(), lively()
		slow.first, quick.first = 2*time.Second, 100*time.Millisecond
		pace := paced(func(p *routing.Pace) { p.HedgeAfter, p.FirstAudioTimeout = 200*time.Millisecond, 5*time.Second })
		c := newPacedRig(t, pace, Config{}, []string{"alpha", "beta"}, fakes{"alpha": slow, "beta": quick}).dial("")
		c.send(generate("g1", twelveWords, ""))
		l := c.listen("g1")
		if l.first >= 350*time.Millisecond || l.heard != lettersOf(twelveWords) || len(l.reroutes) != 0 {
			t.Errorf("first audio after %v, heard %q, %d reroutes", l.first, l.heard, len(l.reroutes))
		}
		if want := []string{"alpha hedged", "beta completed"}; !slices.Equal(l.providers, want) {
			t.Errorf("attempts: got %v, want %v", l.providers, want)
		}
		if got := slow.causes(); len(got) != 1 || upstream.KindOf(got[0]) != upstream.Canceled {
			t.Errorf("the loser was closed %d times, %v", len(got), got)
		}
	})
}

// A hedge that loses leaves the first alone, costs it nothing, and stays to be tried.
func TestHedgeThatLosesMayBeTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		first, second := lively(), lively()
		first.first, second.first = 900*time.Millisecond, time.Second
		first.failAt, first.failure = 20, &upstream.Error{Kind: upstream.Dropped, Message: "gone"}
		pace := paced(func(p *routing.Pace) { p.MaxAttempts = 2 })
		c := newPacedRig(t, pace, Config{}, []string{"alpha", "beta"}, fakes{"alpha": first, "beta": second}).dial("")
		c.send(generate("g1", twelveWords, ""))
		l := c.listen("g1")
		want := []string{"alpha failed", "beta hedged", "beta completed"}
		if !slices.Equal(l.providers, want) || l.heard != lettersOf(twelveWords) {
			t.Errorf("attempts: got %v, want %v; heard %q", l.providers, want, l.heard)
		}
	})
}

func TestBackupComesBeforeTheAudioRunsOut(t *testing.T) {
	for _, stallAt := range []int{2, 20, 31, 40} {
		t.Run(fmt.Sprint("stalled after ", stallAt), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				first, second := lively(), lively()
				first.stallAt, second.first = stallAt, 100*time.Millisecond
				c := newRig(t, Config{}, []string{"alpha", "beta"}, fakes{"alpha": first, "beta": second}).dial("")
				c.send(generate("g1", twelveWords, ""))
				l := c.listen("g1")
				if want := []string{"alpha hedged", "beta completed"}; !slices.Equal(l.providers, want) {
					t.Fatalf("attempts: got %v, want %v", l.providers, want)
				}
				r := l.reroutes[0]
				if missing, doubled := seamIn(t, twelveWords, l.heard, int(r["resume_char"].(float64))); missing+doubled > 0 || r["reason"] != "stalled" {
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
	for name, times := range map[string]fakeTimes{"ahead": timesAhead, "spoken": timesSpoken, "never": timesNever} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				first, second := lively(), lively()
				first.times, first.stallAt, first.stallFor = times, 24, 1200*time.Millisecond
				second.first = 5 * time.Second
				c := newRig(t, Config{}, []string{"alpha", "beta"}, fakes{"alpha": first, "beta": second}).dial("")
				c.send(generate("g1", twelveWords, ""))
				l := c.listen("g1")
				if want := []string{"alpha completed", "beta hedged"}; !slices.Equal(l.providers, want) {
					t.Errorf("attempts: got %v, want %v", l.providers, want)
				}
				if l.heard != lettersOf(twelveWords) || len(l.reroutes) != 0 {
					t.Errorf("heard %q with %d reroutes", l.heard, len(l.reroutes))
				}
			})
		})
	}
}

// A vendor slower than its listener is never silent for longer than usual: it has gaps, but no backup takes over.
func TestSlowVendorIsLeftAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		first, second := lively(), lively()
		first.pace = leastSilence + 50*time.Millisecond
		c := newRig(t, Config{}, []string{"alpha", "beta"}, fakes{"alpha": first, "beta": second}).dial("")
		c.send(generate("g1", twelveWords, ""))
		l := c.listen("g1")
		if l.heard != lettersOf(twelveWords) || len(l.reroutes) > 0 || len(l.providers) > 2 { // one before two frames tell what is usual
			t.Errorf("heard %q, attempts: %v", l.heard, l.providers)
		}
	})
}

// A vendor that has said all and is slow to end gets no backup, which would have nothing to say and win.
func TestVendorThatIsSlowToEndIsLeftAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		first, second := lively(), lively()
		text := twelveWords + "..." // the dots are silence
		first.stallAt, first.stallFor = len(text)-1, 1900*time.Millisecond
		pace := paced(func(p *routing.Pace) { p.Cushion = 100 * time.Millisecond })
		r := newPacedRig(t, pace, Config{}, []string{"alpha", "beta"}, fakes{"alpha": first, "beta": second})
		c := r.dial("")
		c.send(generate("g1", text, ""))
		l := c.listen("g1")
		if !slices.Equal(l.providers, []string{"alpha completed"}) || len(second.asked) != 0 {
			t.Errorf("attempts: got %v, and %d at the other", l.providers, len(second.asked))
		}
	})
}

// A place that comes free while an attempt stalls is taken.
func TestFullBackupIsAskedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		first, second := lively(), lively()
		first.stallAt = 40
		pace := paced(func(p *routing.Pace) { p.StallTimeout = time.Minute })
		r := newPacedRig(t, pace, Config{}, []string{"alpha", "beta"}, fakes{"alpha": first, "beta": second})
		place := limits.NewSlots(1, 0, upstream.MostGone)
		place.Take("another")
		r.setup().providers["beta"].slots = place
		time.AfterFunc(3*time.Second, func() { place.Give("another") })
		c := r.dial("")
		began := time.Now()
		c.send(generate("g1", twelveWords, ""))
		l := c.listen("g1")
		if took := time.Since(began); took > 6*time.Second || l.heard != lettersOf(twelveWords) {
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
		first, second := lively(), lively()
		first.failAt, first.failure = 20, &upstream.Error{Kind: upstream.Dropped, Message: "gone"}
		second.stallAt = 20
		pace := paced(func(p *routing.Pace) { p.StallTimeout = time.Minute })
		c := newPacedRig(t, pace, Config{}, []string{"alpha", "beta"}, fakes{"alpha": first, "beta": second}).dial("")
		c.send(generate("g1", "One two three four five six seven eight nine.", ""))
		c.until("rerouted")
		first.breaks(0, nil)
		began := time.Now()
		l := c.listen("g1")
		want := []string{"alpha failed", "beta hedged", "alpha completed"}
		if took := time.Since(began); !slices.Equal(l.providers, want) || took > 10*time.Second {
			t.Errorf("attempts: got %v after %v, want %v", l.providers, took, want)
		}
	})
}

// racing is two attempts at once, of which the first is active and owes the end of its only piece.
func racing(t *testing.T) (first, second *attempt) {
	t.Helper()
	first = speaking(t, audio.Format{Encoding: audio.PCM16, Rate: fakeRate}, false)
	ordered(first)
	for range "Hello there." {
		first.Audio(fakeFrame('a'))
	}
	first.out.prepareBackup()
	second = newAttempt(first.g, first.target, betaMay())
	ordered(second)
	return first, second
}

// ordered orders all of the text.
func ordered(a *attempt) {
	a.out.mu.Lock()
	defer a.out.mu.Unlock()
	for p, ok := a.orders.cutLocked(time.Now()); ok; p, ok = a.orders.cutLocked(time.Now()) {
		a.orders.orderLocked(p, time.Now())
		a.orders.sentLocked()
	}
}

// The vendor's end comes a moment before the backup's first audio, and before the generation could look at it.
func TestCompletedAttemptIsNotReplaced(t *testing.T) {
	first, second := racing(t)
	before := first.out.track.Samples
	first.End(upstream.Usage{}, nil)
	second.Audio(fakeFrame('b'))
	if first.outcome.err != nil || first.outcome.nameLocked() != outcomeCompleted {
		t.Errorf("first: got %v, want completed", first.outcome.err)
	}
	if !errors.Is(second.outcome.err, errLostHedge) || first.out.track.Samples != before {
		t.Errorf("second: got %v after %d samples, want it cancelled", second.outcome.err, first.out.track.Samples-before)
	}
}

func TestPieceEndCancelsTheBackup(t *testing.T) {
	first, second := racing(t)
	first.PieceEnd(0)
	second.Audio(fakeFrame('b'))
	if first.outcome.over() || !errors.Is(second.outcome.err, errLostHedge) {
		t.Errorf("got %v and %v, want the second cancelled", first.outcome.err, second.outcome.err)
	}
}

// What the backup goes on from must stay what was sent, also where times come that cover more.
func TestHeldAudioStaysHeldWhileABackupRuns(t *testing.T) {
	first, second := racing(t)
	first.held.push(payload{raw: fakeFrame('a').Raw, samples: samplesPerChar, at: time.Now()})
	before := first.out.track.Samples
	first.Words(fakeWords(upstream.Piece{Text: "Hello there."}, 2*charLength))
	if got := first.out.track.Samples; got != before {
		t.Errorf("sent %d samples more while a backup runs", got-before)
	}
	_ = second.outcome.lose(errBroken)
	first.Words(nil)
	if first.out.track.Samples == before {
		t.Error("nothing was sent after the backup's end")
	}
}

// The text of a cancelled generation that no vendor has been sent is not counted.
func TestCancelBetweenPiecesOrdersNoMore(t *testing.T) {
	a := speaking(t, audio.Format{Encoding: audio.PCM16, Rate: fakeRate}, false)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if got := a.next(ctx, time.Now()); !got.ended || got.ordered {
		t.Errorf("next: got %+v, want the end", got)
	}
	if used := a.outcome.usedLocked(); used.Requests != 0 {
		t.Errorf("requests: got %d, want 0", used.Requests)
	}
}

// Nor is a piece counted that the adapter kept back until the vendor was through with another.
func TestWithheldPieceIsNotCharged(t *testing.T) {
	for withheld, want := range map[int]billing.Usage{
		0: {Requests: 2, Characters: 7, Bytes: 8},
		1: {Requests: 1, Characters: 4, Bytes: 4},
		2: {},
		3: {}, // more than there are
	} {
		a := speaking(t, audio.Format{Encoding: audio.PCM16, Rate: fakeRate}, false)
		a.orders.pieces = []orderedPiece{{Piece: text.Piece{Text: "One."}}, {Piece: text.Piece{Text: "Zwö"}}}
		a.orders.given = len(a.orders.pieces)
		a.End(upstream.Usage{Withheld: withheld}, errBroken)
		if got := a.outcome.usedLocked(); got != want {
			t.Errorf("%d withheld: got %+v, want %+v", withheld, got, want)
		}
	}
}

// A text that is left open while it speaks well does not keep a target that is well again from the others.
func TestGoodAudioOfAnOpenTextClosesTheCircuit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		alpha, beta := lively(), lively()
		alpha.breaks(1, &upstream.Error{Kind: upstream.Dropped, Message: "gone"})
		c := newRig(t, Config{}, []string{"alpha", "beta"}, fakes{"alpha": alpha, "beta": beta}).dial("")
		circuit := routing.DefaultCircuit()
		for i := range circuit.ConsecutiveFailures {
			c.send(generate(fmt.Sprint("f", i), twelveWords, ""))
			c.until("done")
		}
		alpha.breaks(0, nil)
		time.Sleep(circuit.OpenFor + time.Second)
		c.send(generate("open", "This is a sentence that takes its time. ", `,"final":false`))
		if started, _ := c.until("started"); started["provider"] != "alpha" {
			t.Fatalf("the first after the rest: %v", started)
		}
		time.Sleep(5 * time.Second)
		c.send(generate("next", twelveWords, ""))
		if started, _ := c.until("started"); started["generation_id"] != "next" || started["provider"] != "alpha" {
			t.Errorf("beside an open text that speaks well: %v", started)
		}
	})
}

// Requests spent on a vendor that flaps: none while its circuit is open, and one to see whether it is well again.
func TestFlappingVendorCostsNothingWhileOpen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		flapping, well := newFake(), newFake()
		flapping.refuse = &upstream.Error{Kind: upstream.ConnectFailed, Message: "refused"}
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
		asked := flapping.asked
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
					first, second := deaf(ends), lively()
					r := newRig(t, Config{}, []string{"alpha", "beta"}, fakes{"alpha": first, "beta": second})
					c := r.dial("")
					c.rehearse()
					c.send(generate("g1", text, `,"final":false`))
					c.send(`{"type":"flush","generation_id":"g1"}`)
					time.AfterFunc(10*time.Second, func() {
						c.send(`{"type":"append","generation_id":"g1","text":"And this one comes late.","final":true}`)
					})
					l := c.listen("g1")
					if !slices.Equal(l.providers, []string{"alpha completed"}) || len(second.asked) != 0 {
						t.Errorf("attempts: got %v, and %d at the other", l.providers, len(second.asked))
					}
					if want := lettersOf(text + "And this one comes late."); l.heard != want {
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
