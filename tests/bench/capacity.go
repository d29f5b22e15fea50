package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"
)

// One core holds a number of generations while 99 of 100 frames pass in this time.
const heldLatency = 20 * time.Millisecond

// The search: short rounds, few of them.
const (
	capacityStart = 1000
	capacitySteps = 9
	capacityTime  = time.Second
	capacityFine  = 100 // generations between what is held and what is not
)

// capacity searches the relay's.
func (b *bench) capacity(ctx context.Context, r *report) error {
	if !b.settings.measures(relayPath) {
		return nil
	}
	b.say("how many generations one core holds")
	c, err := search(func(n int) (capacityStep, error) {
		s, err := b.open(ctx, realTime, relayPath) // another one each time: one that broke gives its vendor a rest
		if err != nil {
			return capacityStep{}, err
		}
		step, err := b.try(ctx, s.paths[0], n)
		b.say("%d generations: %s", n, step.Outcome)
		return step, errors.Join(err, s.close())
	})
	r.Capacity = c
	return err
}

// try has a number spoken. A round that breaks has an outcome too, unless the run is over.
func (b *bench) try(ctx context.Context, p *path, n int) (capacityStep, error) {
	step := capacityStep{Generations: n}
	before, err := usageOf(p)
	if err != nil {
		return step, err
	}
	began := b.clock.now()
	round, err := b.load(ctx, p, demand{generations: n, duration: capacityTime})
	if err != nil {
		b.say("%v", err)
		if ctx.Err() != nil {
			return step, context.Cause(ctx)
		}
		return step, b.blame(&step, p, &window{from: began, to: b.clock.now(), used: before})
	}
	step.P50, step.P99, step.VendorLate = round.Latency.P50, round.Latency.P99, round.VendorLate.P99
	step.Proxy, step.Harness, step.Elsewhere = round.ProxyCores, round.HarnessCores, round.ElsewhereBusy
	step.Outcome = round.outcome()
	return step, nil
}

// blame says whose fault it was that a round broke, of which only the use before it is known.
func (b *bench) blame(step *capacityStep, p *path, w *window) error {
	after, err := usageOf(p)
	if err != nil {
		return err
	}
	w.used = after.since(w.used)
	whole := &round{}
	whole.account(w)
	whole.HarnessLate = b.wasLate(whole)
	step.Proxy, step.Harness, step.Elsewhere = whole.ProxyCores, whole.HarnessCores, whole.ElsewhereBusy
	if step.Outcome = whole.outcome(); step.Outcome == relayLate {
		step.Outcome = broke
	}
	return nil
}

// outcome blames no one for frames that were in time.
func (r *round) outcome() outcome {
	switch {
	case r.Measured > 0 && r.Lost == 0 && r.Latency.P99 < microseconds(heldLatency):
		return held
	case r.ElsewhereBusy > disturbed:
		return othersOut
	case r.HarnessLate:
		return harnessOut
	}
	return relayLate
}

// search doubles until a number is not held, then halves the distance. A number that is not held is tried twice: one
// disturbance must not decide.
func search(try func(n int) (capacityStep, error)) (*capacity, error) {
	c := &capacity{}
	n, again := capacityStart, false
	for len(c.Steps) < capacitySteps {
		step, err := try(n)
		if err != nil {
			return nil, err
		}
		c.Steps = append(c.Steps, step)
		if step.Outcome != held && !again {
			again = true
			continue
		}
		again = false
		c.take(step)
		var more bool
		if n, more = c.next(); !more {
			return c, nil
		}
	}
	c.Why = fmt.Sprintf("Ended after %d steps. %s", len(c.Steps), c.Why)
	return c, nil
}

// take narrows the search by a step.
func (c *capacity) take(s capacityStep) {
	if s.Outcome == held {
		c.Held = s.Generations
		return
	}
	c.Over, c.limit = s.Generations, s.Outcome
	c.Why = fmt.Sprintf("At %d: %s", s.Generations, s.Outcome)
}

// open reports whether it was not the relay that ended the search: it may hold more.
func (c *capacity) open() bool { return c.limit == harnessOut || c.limit == othersOut }

// next is what to try; false: it is known closely enough.
func (c *capacity) next() (n int, more bool) {
	switch {
	case c.Held == mostGenerations:
		c.Why = "More than " + strconv.Itoa(mostGenerations) + " are not tried"
		return 0, false
	case c.Over == 0:
		return min(2*c.Held, mostGenerations), true
	case c.Over-c.Held <= capacityFine:
		return 0, false
	}
	return (c.Held + c.Over) / 2, true
}

// capacityTable is the search, step by step.
func (r *report) capacityTable() *table {
	t := &table{
		title: "Generations at real time on one core, p99 under " + heldLatency.String(),
		head:  []string{"generations", "", "p50, ms", "p99, ms", "vendor late p99, ms", "proxy, cores", "harness, cores", "others, cores"},
	}
	for _, s := range r.Capacity.Steps {
		t.rows = append(t.rows, []string{
			strconv.Itoa(s.Generations), string(s.Outcome), short(s.P50 / 1000), short(s.P99 / 1000), short(s.VendorLate / 1000),
			short(s.Proxy), short(s.Harness), short(s.Elsewhere),
		})
	}
	return t
}
