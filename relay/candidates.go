package relay

import (
	"cmp"
	"context"
	"slices"
	"time"

	"voicerelay/limits"
	"voicerelay/routing"
	"voicerelay/upstream"
)

// candidate is a target and what became of it in this generation.
type candidate struct {
	routing.Candidate
	state   candidateState
	began   bool        // an attempt was made: its provider's budget no longer matters, since nothing under way is broken off
	hedges  bool        // it was opened beside another that kept the caller waiting
	refused routing.Why // why it was not tried when it was next; empty: it was tried, or was never next
}

// candidateState says whether a target may be tried.
type candidateState int

const (
	untried     candidateState = iota // not tried yet, or cancelled because another was faster
	running                           // an attempt is under way
	interrupted                       // failed in mid-speech: it may be tried again after another
	exhausted                         // not tried again for this generation
)

// candidates are a plan's targets, and what became of each in this generation. They are owned by the generation's goroutine.
type candidates struct {
	// Static.
	req   *Prepared
	heard func() bool // the caller is in the middle of a sentence

	all   []*candidate
	last  *candidate // the one that failed last: it is not tried twice in a row
	again *candidate // the one whose stream ended while the text paused: it goes on; nil: none
}

// newCandidates are the targets of a request in the order in which they are tried.
func newCandidates(req *Prepared, firstAudio *routing.FirstAudio, heard func() bool) *candidates {
	cs := &candidates{req: req, heard: heard}
	for _, c := range req.plan.Ranked(firstAudio) {
		cs.all = append(cs.all, &candidate{Candidate: c})
	}
	return cs
}

// next takes a slot at the next target. The first choice is waited for as long as the route's queue patience lasts, or until
// a slot there that is being left comes free, as after a barge-in. After that any target with a slot will do, and when all
// are full, the first that gets one.
func (cs *candidates) next(ctx context.Context) (*candidate, *routing.Verdict) {
	for {
		choice := cs.eligible()
		if len(choice) == 0 || ctx.Err() != nil {
			return nil, nil
		}
		if e, verdict, again := cs.claim(ctx, choice); !again {
			return e, verdict
		}
	}
}

// claim takes a slot at one of the targets. again reports that the target's circuit has opened while the slot was waited for,
// so another has to be chosen.
func (cs *candidates) claim(ctx context.Context, choice []*candidate) (e *candidate, verdict *routing.Verdict, again bool) {
	tenant := cs.req.Key.Tenant
	all := make([]*limits.Slots, len(choice))
	for i, e := range choice {
		all[i] = cs.req.Setup.Slots(e.Provider)
	}
	patience := cs.patience(choice[0])
	place := limits.TakeSlot(ctx, tenant, all[:1], patience)
	if place == nil {
		place = limits.TakeSlot(ctx, tenant, all, -1)
	}
	if place == nil {
		return nil, nil, false
	}
	e = choice[slices.Index(all, place)]
	if verdict := cs.req.Setup.Allow(routing.Trial{Candidate: e.Candidate, Tenant: tenant}); verdict != nil {
		return e, verdict, false
	}
	place.Give(tenant)
	e.state, e.refused = exhausted, cmp.Or(cs.resting(e), routing.CircuitOpen)
	return nil, nil, true
}

// patience is how long a slot at the first choice is waited for before any other will do.
func (cs *candidates) patience(first *candidate) time.Duration {
	plan := cs.req.plan
	switch {
	case first == cs.again:
		return max(plan.QueuePatience, plan.FirstAudioTimeout) // the same voice is worth that
	case cs.heard():
		return 0
	}
	return plan.QueuePatience
}

// fail notes a target's failure. After speech that was heard, a fault of the connection says little about the next try, and
// the same voice is worth one.
func (cs *candidates) fail(e *candidate, err error, heard bool) {
	e.state = exhausted
	if heard && transient(upstream.KindOf(err)) {
		e.state = interrupted
	}
	cs.last = e
}

// transient reports whether a kind of fault says little about the next try: it counts against the circuit, but does not open
// it.
func transient(k upstream.Kind) bool {
	policy := upstream.Policies[k]
	return policy.Trips && !policy.Opens
}

// takeFree takes a slot at the first of some targets that has one now, as a backup needs it, which never waits: by the time a slot came
// free, the audio would have run out.
func (cs *candidates) takeFree(reserve []*candidate) (*candidate, *routing.Verdict) {
	tenant := cs.req.Key.Tenant
	for _, e := range reserve {
		place := cs.req.Setup.Slots(e.Provider)
		if !place.Take(tenant) {
			continue
		}
		if verdict := cs.req.Setup.Allow(routing.Trial{Candidate: e.Candidate, Tenant: tenant}); verdict != nil {
			return e, verdict
		}
		place.Give(tenant)
	}
	return nil, nil
}

// passedOver are the targets of the route that were never tried, with the reason of each, for a client whose text was not
// spoken.
func (cs *candidates) passedOver() []routing.Omission {
	all := slices.Clone(cs.req.plan.PassedOver)
	for _, e := range cs.all {
		why := e.refused
		if e.state == untried {
			why = cs.resting(e)
		}
		if why != "" {
			all = append(all, routing.Omission{Target: e.Target, Why: why})
		}
	}
	return all
}

// eligible are the targets to try, in order: first the one whose stream ended while the text paused, then those not tried,
// and when all were tried, those that failed in mid-speech and after which another has gone on. A target with an open circuit
// is left out.
func (cs *candidates) eligible() []*candidate {
	if e := cs.again; e != nil && e.state == untried && cs.resting(e) == "" {
		others := slices.DeleteFunc(cs.inState(untried), func(other *candidate) bool { return other == e })
		return append([]*candidate{e}, others...)
	}
	for _, wanted := range []candidateState{untried, interrupted} {
		choice := slices.DeleteFunc(cs.inState(wanted), func(e *candidate) bool { return e == cs.last })
		if len(choice) > 0 {
			return choice
		}
	}
	return nil
}

// resting says why a candidate is to be left alone now; empty: it is not.
func (cs *candidates) resting(e *candidate) routing.Why {
	if e.began {
		return cs.req.Setup.Tripped(e.Candidate)
	}
	return cs.req.Setup.Resting(e.Candidate)
}

// inState are the candidates in a state whose circuits let attempts pass.
func (cs *candidates) inState(wanted candidateState) []*candidate {
	var found []*candidate
	for _, e := range cs.all {
		if e.state == wanted && cs.resting(e) == "" {
			found = append(found, e)
		}
	}
	return found
}

// restart makes a provider the first choice: all of the text is to be spoken again by it.
func (cs *candidates) restart(provider string) {
	cs.again = nil
	slices.SortStableFunc(cs.all, func(a, b *candidate) int { return routing.First(provider, a.Candidate, b.Candidate) })
}
