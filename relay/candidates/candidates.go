package candidates

import (
	"cmp"
	"context"
	"slices"
	"time"

	"voicerelay/limits"
	"voicerelay/relay/providers"
	"voicerelay/routing"
	"voicerelay/upstream"
)

// Candidate is a target and what became of it in this generation.
type Candidate struct {
	routing.Candidate
	Hedges  bool // it was opened beside another that kept the caller waiting
	state   state
	began   bool        // an attempt was made: its provider's budget no longer matters, since nothing under way is broken off
	refused routing.Why // why it was not tried when it was next; empty: it was tried, or was never next
}

// state says whether a target may be tried.
type state int

const (
	untried     state = iota // not tried yet, or cancelled because another was faster
	running                  // an attempt is under way
	interrupted              // failed in mid-speech: it may be tried again after another
	exhausted                // not tried again for this generation
)

// Config is whose candidates they are.
type Config struct {
	Plan   *routing.Plan
	Setup  *providers.Setup
	Tenant string
	// FirstAudio is how long providers take, which may change the order of the plan.
	FirstAudio *routing.FirstAudio
	// Heard reports whether the caller is in the middle of a sentence.
	Heard func() bool
}

// List is a plan's targets, and what became of each in one generation. It is owned by the generation's goroutine.
type List struct {
	cfg   Config // static
	all   []*Candidate
	last  *Candidate // the one that failed last: it is not tried twice in a row
	again *Candidate // the one whose stream ended while the text paused: it goes on; nil: none
	kept  routing.Target
}

// New is a list in which no target was tried.
func New(cfg Config) *List {
	l := &List{cfg: cfg}
	ranked := cfg.Plan.Ranked(cfg.FirstAudio)
	for _, c := range ranked {
		l.all = append(l.all, &Candidate{Candidate: c})
	}
	if first := ranked[0]; first.Target == cfg.Plan.Preferred && first != cfg.Plan.Usual().Ranked(cfg.FirstAudio)[0] {
		l.kept = first.Target
	}
	return l
}

// Next takes a slot at the next target. The first choice is waited for as long as the route's queue patience lasts, or until
// a slot there that is being left comes free, as after a barge-in. After that any target with a slot will do, and when all
// are full, the first that gets one.
func (l *List) Next(ctx context.Context) (*Candidate, *routing.Verdict) {
	for {
		choice := l.eligible()
		if len(choice) == 0 || ctx.Err() != nil {
			return nil, nil
		}
		if c, verdict, again := l.claim(ctx, choice); !again {
			return c, verdict
		}
	}
}

// claim takes a slot at one of the targets. again reports that the target's circuit has opened while the slot was waited for,
// so another has to be chosen.
func (l *List) claim(ctx context.Context, choice []*Candidate) (c *Candidate, verdict *routing.Verdict, again bool) {
	tenant := l.cfg.Tenant
	all := make([]*limits.Slots, len(choice))
	for i, c := range choice {
		all[i] = l.cfg.Setup.Slots(c.Provider)
	}
	patience := l.patience(choice[0])
	place := limits.TakeSlot(ctx, tenant, all[:1], patience)
	if place == nil {
		place = limits.TakeSlot(ctx, tenant, all, -1)
	}
	if place == nil {
		return nil, nil, false
	}
	c = choice[slices.Index(all, place)]
	if verdict := l.cfg.Setup.Allow(routing.Trial{Candidate: c.Candidate, Tenant: tenant}); verdict != nil {
		return c, verdict, false
	}
	place.Give(tenant)
	c.state, c.refused = exhausted, cmp.Or(l.resting(c), routing.CircuitOpen)
	return nil, nil, true
}

// patience is how long a slot at the first choice is waited for before any other will do.
func (l *List) patience(first *Candidate) time.Duration {
	plan := l.cfg.Plan
	switch {
	case first == l.again:
		return max(plan.QueuePatience, plan.FirstAudioTimeout) // the same voice is worth that
	case l.cfg.Heard():
		return 0
	}
	return plan.QueuePatience
}

// Kept is the target that goes first because it was heard last in the conversation. The zero value: none does, or it would anyway.
func (l *List) Kept() routing.Target { return l.kept }

// Begin notes that an attempt is under way at a candidate.
func (l *List) Begin(c *Candidate) { c.state, c.began, l.again = running, true, nil }

// Pause notes that a candidate's stream has ended while the text paused: it goes on once there is more.
func (l *List) Pause(c *Candidate) { c.state, l.again = untried, c }

// Spare notes that a candidate was cancelled for no fault of its own: it may be tried as if it had not been.
func (l *List) Spare(c *Candidate) { c.state = untried }

// Exhaust has a candidate not tried again.
func (l *List) Exhaust(c *Candidate) { c.state = exhausted }

// Fail notes a candidate's failure; heard: the caller has heard it. After that a fault of the connection says little about the next
// try, and the same voice is worth one.
func (l *List) Fail(c *Candidate, err error, heard bool) {
	c.state = exhausted
	if heard && transient(upstream.KindOf(err)) {
		c.state = interrupted
	}
	l.last = c
}

// transient reports whether a kind of fault says little about the next try: it counts against the circuit, but does not open
// it.
func transient(k upstream.Kind) bool {
	policy := upstream.Policies[k]
	return policy.Trips && !policy.Opens
}

// Reserve are the targets at which a backup may be opened beside the attempt that runs, in order: those not tried, and if there are
// none and that one was heard, those that failed in mid-speech before it.
func (l *List) Reserve(heard bool) []*Candidate {
	if fresh := l.inState(untried); len(fresh) > 0 || !heard {
		return fresh
	}
	return l.inState(interrupted)
}

// TakeFree takes a slot at the first of some targets that has one now. A backup never waits: by the time a slot came free, the audio
// would have run out.
func (l *List) TakeFree(reserve []*Candidate) (*Candidate, *routing.Verdict) {
	tenant := l.cfg.Tenant
	for _, c := range reserve {
		place := l.cfg.Setup.Slots(c.Provider)
		if !place.Take(tenant) {
			continue
		}
		if verdict := l.cfg.Setup.Allow(routing.Trial{Candidate: c.Candidate, Tenant: tenant}); verdict != nil {
			return c, verdict
		}
		place.Give(tenant)
	}
	return nil, nil
}

// PassedOver are the targets of the route that were never tried, with the reason of each, for a client whose text was not
// spoken.
func (l *List) PassedOver() []routing.Omission {
	all := slices.Clone(l.cfg.Plan.PassedOver)
	for _, c := range l.all {
		why := c.refused
		if c.state == untried {
			why = l.resting(c)
		}
		if why != "" {
			all = append(all, routing.Omission{Target: c.Target, Why: why})
		}
	}
	return all
}

// eligible are the targets to try, in order: first the one whose stream ended while the text paused, then those not tried,
// and when all were tried, those that failed in mid-speech and after which another has gone on. A target with an open circuit
// is left out.
func (l *List) eligible() []*Candidate {
	if c := l.again; c != nil && c.state == untried && l.resting(c) == "" {
		others := slices.DeleteFunc(l.inState(untried), func(other *Candidate) bool { return other == c })
		return append([]*Candidate{c}, others...)
	}
	for _, wanted := range []state{untried, interrupted} {
		choice := slices.DeleteFunc(l.inState(wanted), func(c *Candidate) bool { return c == l.last })
		if len(choice) > 0 {
			return choice
		}
	}
	return nil
}

// resting says why a candidate is to be left alone now; empty: it is not.
func (l *List) resting(c *Candidate) routing.Why {
	if c.began {
		return l.cfg.Setup.Tripped(c.Candidate)
	}
	return l.cfg.Setup.Resting(c.Candidate)
}

// inState are the candidates in a state whose circuits let attempts pass.
func (l *List) inState(wanted state) []*Candidate {
	var found []*Candidate
	for _, c := range l.all {
		if c.state == wanted && l.resting(c) == "" {
			found = append(found, c)
		}
	}
	return found
}

// Restart makes a provider the first choice: all of the text is to be spoken again by it.
func (l *List) Restart(provider string) {
	l.again = nil
	by := routing.Target{Provider: provider}
	slices.SortStableFunc(l.all, func(a, b *Candidate) int { return by.First(a.Candidate, b.Candidate) })
}
