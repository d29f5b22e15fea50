package relay

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"voicerelay/awake"
	"voicerelay/limits"
	"voicerelay/routing"
	"voicerelay/upstream"
)

// failover takes a generation through its targets. While all is well one attempt runs. A second one, the backup, is opened
// while the first keeps the caller waiting; whichever speaks first goes on alone. It belongs to the generation's goroutine:
// what vendors' readers see reaches it through output, by notify.
type failover struct {
	g          *Generation
	candidates []*candidate
	live       []*attempt // at most two
	failures   []error
	last       *candidate // the one that failed last: it is not tried twice in a row
	again      *candidate // the one whose stream ended while the text paused: it goes on; nil: none
	askAgain   time.Time  // when to look for a backup again, after none had a slot
	timer      *alarm
}

// speak has the text spoken by the plan's candidates. It returns once no attempt runs any more, also after a panic.
func (g *Generation) speak(ctx context.Context) ending {
	r := &failover{g: g, timer: newAlarm()}
	defer r.timer.stop()
	for _, c := range g.req.plan.Ranked(g.engine.firstAudio) {
		r.candidates = append(r.candidates, &candidate{Candidate: c})
	}
	cause := error(errBroken) // what a panic leaves
	defer func() { r.cancelAll(ctx, cause) }()
	end := r.run(ctx)
	cause = errLostHedge
	if ctx.Err() != nil {
		cause = context.Cause(ctx)
	}
	return end
}

// run goes on until the text is spoken, no target is left, or the generation is stopped.
func (r *failover) run(ctx context.Context) ending {
	for {
		if ctx.Err() != nil {
			return endingOf(context.Cause(ctx))
		}
		r.follow()
		if len(r.live) == 0 {
			end, err := r.begin(ctx)
			if err != nil {
				return endingOf(err)
			}
			if end != nil {
				return *end
			}
		}
		until, over := r.step(ctx)
		if over {
			r.follow() // it may have been heard and have ended since the last look
			return ending{reason: Completed}
		}
		if len(r.live) == 0 {
			continue
		}
		until = awake.Earlier(until, r.maybeHedge(ctx, time.Now()))
		_ = r.g.out.wait(ctx, r.timer, until) // the next round looks at ctx first
	}
}

// begin starts an attempt when none runs. It waits for text first, since a vendor's stream that has nothing to speak costs a
// slot. An end says that no attempt is needed, or none can be had.
func (r *failover) begin(ctx context.Context) (*ending, error) {
	r.g.out.resumeInterrupted()
	ready, err := r.g.awaitText(ctx)
	if err != nil {
		return nil, err
	}
	if !ready {
		return &ending{reason: Completed}, nil
	}
	r.follow() // the text may have been long in coming
	if len(r.failures) < r.g.req.plan.MaxAttempts {
		if e, verdict := r.next(ctx); e != nil {
			r.start(ctx, e, verdict)
			return nil, nil
		}
	}
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	if len(r.failures) == 0 {
		return &ending{reason: Failed, err: noProvider(r.passedOver())}, nil
	}
	return &ending{reason: Failed, err: upstreamFailure(r.failures, r.passedOver())}, nil
}

// next takes a slot at the next target. The first choice is waited for as long as the route's queue patience lasts, or until
// a slot there that is being left comes free, as after a barge-in. After that any target with a slot will do, and when all
// are full, the first that gets one.
func (r *failover) next(ctx context.Context) (*candidate, *routing.Verdict) {
	for {
		choice := r.eligible()
		if len(choice) == 0 || ctx.Err() != nil {
			return nil, nil
		}
		if e, verdict, again := r.claim(ctx, choice); !again {
			return e, verdict
		}
	}
}

// claim takes a slot at one of the targets. again reports that the target's circuit has opened while the slot was waited for,
// so another has to be chosen.
func (r *failover) claim(ctx context.Context, choice []*candidate) (e *candidate, verdict *routing.Verdict, again bool) {
	tenant := r.g.req.Key.Tenant
	all := make([]*limits.Slots, len(choice))
	for i, e := range choice {
		all[i] = r.g.req.Setup.Slots(e.Provider)
	}
	patience := r.patience(choice[0])
	place := limits.TakeSlot(ctx, tenant, all[:1], patience)
	if place == nil {
		place = limits.TakeSlot(ctx, tenant, all, -1)
	}
	if place == nil {
		return nil, nil, false
	}
	e = choice[slices.Index(all, place)]
	if verdict := r.g.req.Setup.Allow(routing.Trial{Candidate: e.Candidate, Tenant: tenant}); verdict != nil {
		return e, verdict, false
	}
	place.Give(tenant)
	e.state, e.refused = exhausted, cmp.Or(r.g.req.Setup.Resting(e.Candidate), routing.CircuitOpen)
	return nil, nil, true
}

// patience is how long a slot at the first choice is waited for before any other will do.
func (r *failover) patience(first *candidate) time.Duration {
	plan := r.g.req.plan
	switch {
	case first == r.again:
		return max(plan.QueuePatience, plan.FirstAudioTimeout) // the same voice is worth that
	case r.g.out.wasHeard():
		return 0 // the caller is in the middle of a sentence
	}
	return plan.QueuePatience
}

// start begins an attempt at a target whose slot is taken.
func (r *failover) start(ctx context.Context, e *candidate, verdict *routing.Verdict) {
	entered := false
	defer func() {
		if !entered { // a panic of ours: no attempt exists that would give back the slot and the verdict
			verdict.Tell(routing.ErrUndecided)
			r.g.req.Setup.Slots(e.Provider).Give(r.g.req.Key.Tenant)
		}
	}()
	r.g.out.prepareBackup()
	a := newAttempt(r.g, e.Candidate, verdict)
	e.state, r.again = running, nil
	a.candidate, a.hedges = e, e.hedges
	a.vendor.Start(ctx)
	r.live = append(r.live, a)
	entered = true
}

// step lets each attempt do what there is to do. over reports that one of them has spoken all of the text; until is when to
// look again.
func (r *failover) step(ctx context.Context) (until time.Time, over bool) {
	for _, a := range slices.Clone(r.live) {
		next, ended, err := a.step(ctx)
		if !ended {
			until = awake.Earlier(until, next)
			continue
		}
		if r.conclude(ctx, a, err) {
			return time.Time{}, true
		}
		until = time.Now() // the end of one may let the other go on
	}
	return until, false
}

// conclude removes an attempt that has ended, and decides whether its target may be tried again. It reports whether the text
// is spoken.
func (r *failover) conclude(ctx context.Context, a *attempt, err error) (spoken bool) {
	r.live = slices.DeleteFunc(r.live, func(other *attempt) bool { return other == a })
	heard := a.settle(ctx, err)
	switch {
	case err == nil && a.outcome.endedIdle():
		a.candidate.state = untried
		r.again = a.candidate
	case err == nil:
		a.candidate.state = exhausted
		return true
	case errors.Is(err, errLostHedge), errors.Is(err, errSuperseded):
		a.candidate.state = untried
	case ctx.Err() != nil:
		a.candidate.state = exhausted
	default:
		r.failures = append(r.failures, err)
		r.fail(a, err, heard)
	}
	return false
}

// fail notes a target's failure. After speech that was heard, a fault of the connection says little about the next try, and
// the same voice is worth one.
func (r *failover) fail(a *attempt, err error, heard bool) {
	a.candidate.state = exhausted
	if heard && transient(upstream.KindOf(err)) {
		a.candidate.state = interrupted
	}
	r.last = a.candidate
}

// transient reports whether a kind of fault says little about the next try: it counts against the circuit, but does not open
// it.
func transient(k upstream.Kind) bool {
	policy := upstream.Policies[k]
	return policy.Trips && !policy.Opens
}

// cancelAll ends the attempts that still run.
func (r *failover) cancelAll(ctx context.Context, cause error) {
	for _, a := range slices.Clone(r.live) {
		r.conclude(ctx, a, a.outcome.lose(cause))
	}
}

// passedOver are the targets of the route that were never tried, with the reason of each, for a client whose text was not
// spoken.
func (r *failover) passedOver() []routing.Omission {
	all := slices.Clone(r.g.req.plan.PassedOver)
	for _, e := range r.candidates {
		why := e.refused
		if e.state == untried {
			why = r.g.req.Setup.Resting(e.Candidate)
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
func (r *failover) eligible() []*candidate {
	if e := r.again; e != nil && e.state == untried && r.g.req.Setup.Resting(e.Candidate) == "" {
		others := slices.DeleteFunc(r.inState(untried), func(other *candidate) bool { return other == e })
		return append([]*candidate{e}, others...)
	}
	for _, wanted := range []candidateState{untried, interrupted} {
		choice := slices.DeleteFunc(r.inState(wanted), func(e *candidate) bool { return e == r.last })
		if len(choice) > 0 {
			return choice
		}
	}
	return nil
}

// inState are the candidates in a state whose circuits let attempts pass.
func (r *failover) inState(wanted candidateState) []*candidate {
	var found []*candidate
	for _, e := range r.candidates {
		if e.state == wanted && r.g.req.Setup.Resting(e.Candidate) == "" {
			found = append(found, e)
		}
	}
	return found
}
