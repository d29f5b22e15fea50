package awake

import (
	"context"
	"sync/atomic"
	"time"
)

const (
	// lookEvery is how often Run looks whether the process runs: ten wake-ups a second, which cost nothing that can be
	// measured.
	lookEvery = 100 * time.Millisecond
	// leastPause is how much later than due a look must come to show a pause. A machine that is busy, or that collects
	// garbage, is late by tens of milliseconds.
	leastPause = 250 * time.Millisecond
	// catchUp is the time to read what came during a pause.
	catchUp = 250 * time.Millisecond
	// kept is how many pauses are remembered: more than there can be within any timeout, unless the machine does nothing
	// but pause.
	kept = 64
)

// Clock knows when the process did not run. It is safe for concurrent use.
type Clock struct {
	base time.Time
	seen atomic.Pointer[sight]
}

// sight is what Run saw last. It never changes. Times are after the clock's base.
type sight struct {
	at     time.Duration
	ended  bool    // Run looks no more
	pauses []pause // the oldest first; none overlap
}

// pause is a time in which the process did not run, and what it needs afterwards to catch up.
type pause struct{ from, to time.Duration }

// New is a clock that knows of no pause before Run.
func New() *Clock {
	c := &Clock{base: time.Now()}
	c.seen.Store(&sight{ended: true})
	return c
}

// Run notes pauses until ctx ends. It tells noted of each, with how long it was.
func (c *Clock) Run(ctx context.Context, noted func(time.Duration)) {
	ticks := time.NewTicker(lookEvery)
	defer ticks.Stop()
	c.Look()
	for {
		select {
		case <-ctx.Done():
			last := *c.seen.Load()
			last.ended = true
			c.seen.Store(&last)
			return
		case <-ticks.C:
			if lasted := c.Look(); lasted > 0 {
				noted(lasted)
			}
		}
	}
}

// Look notes that the process runs, and returns how long it did not before. It is for Run, and for tests that decide
// themselves when the process runs; one call at a time.
func (c *Clock) Look() (lasted time.Duration) {
	before, now := c.seen.Load(), time.Since(c.base)
	next := &sight{at: now, pauses: before.pauses}
	if p, ok := before.since(now); ok {
		lasted = now - before.at
		next.pauses = append(append([]pause(nil), before.pauses[max(0, len(before.pauses)-kept+1):]...), p)
	}
	c.seen.Store(next)
	return lasted
}

// since is the pause that is only just over, where there is one.
func (s *sight) since(now time.Duration) (p pause, ok bool) {
	if s.ended || now-s.at < lookEvery+leastPause {
		return pause{}, false
	}
	p = pause{from: s.at, to: now + catchUp}
	if n := len(s.pauses); n > 0 {
		p.from = max(p.from, s.pauses[n-1].to) // what was still being caught up with counts once
	}
	return p, true
}

// Paused is how much of the time since then does not count: that in which the process did not run, with what it needs to
// catch up, whether that is over by now or not.
func (c *Clock) Paused(since, now time.Time) time.Duration {
	if c == nil || !since.Before(now) {
		return 0
	}
	s, from, to := c.seen.Load(), since.Sub(c.base), now.Sub(c.base)
	total := time.Duration(0)
	if p, ok := s.since(to); ok {
		total += p.after(from)
	}
	for i := len(s.pauses) - 1; i >= 0 && s.pauses[i].to > from; i-- {
		total += s.pauses[i].after(from)
	}
	return total
}

// after is how much of a pause comes after a time.
func (p pause) after(from time.Duration) time.Duration { return max(0, p.to-max(p.from, from)) }

// Adjust is a time moved on by what does not count since: what is due so long after it is due by now if, and only if, the
// process has run for so long. While the process catches up it is the end of that, and so in the future.
func (c *Clock) Adjust(since, now time.Time) time.Time { return since.Add(c.Paused(since, now)) }

// Between is how long the process has run since a time; below 0 while it catches up.
func (c *Clock) Between(since, now time.Time) time.Duration { return now.Sub(c.Adjust(since, now)) }
