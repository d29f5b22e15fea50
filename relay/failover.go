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

// failover leads a generation through its targets. As long as all is well one attempt runs; a second one is opened beside
// it where the first keeps the caller waiting, and the first to speak goes on. It belongs to the generation's goroutine.
type failover struct {
	g          *Generation
	candidates []*candidate
	live       []*attempt // at most two
	failures   []error
	last       *candidate // that failed last
	again      *candidate // whose stream ended while the text paused: it goes on; nil: none
	askAgain   time.Time  // when to look for a backup again, where none was to be had
	timer      *alarm
}

// candidate is a target and what became of it in this generation.
type candidate struct {
	routing.Candidate
	state   candidateState
	refused routing.Why // why it was not tried, though its turn had come; empty: it was, or it has not
}

// candidateState says whether a target may be tried.
type candidateState int

const (
	untried     candidateState = iota // not tried yet, or another was only faster
	running                           // an attempt is under way
	interrupted                       // it broke off in mid-speech: once another was tried since, its turn may come again
	exhausted                         // it is no use for this generation
)

// speak has the text spoken by the plan's candidates.
func (g *Generation) speak(ctx context.Context) ending {
	r := &failover{g: g, timer: newAlarm()}
	defer r.timer.stop()
	for _, c := range g.engine.ranked(g.req.plan) {
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

// begin enters the next target where no attempt runs. An end says that there is nothing to enter for.
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

// passedOver are the route's targets that were never tried, though the text is not spoken.
func (r *failover) passedOver() []routing.Omission {
	all := slices.Clone(r.g.req.plan.PassedOver)
	for _, e := range r.candidates {
		why := e.refused
		if e.state == untried {
			why = r.g.req.Setup.resting(e.Candidate)
		}
		if why != "" {
			all = append(all, routing.Omission{Target: e.Target, Why: why})
		}
	}
	return all
}

// next takes a place at the next target: the first choice is waited for as long as the route's patience lasts, or until a
// place comes free there that is being left, as after a barge-in. Then any that has a place will do, and where all are
// full, the first that has one.
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

// claim takes a place at one of the targets. again says that its circuit has opened meanwhile.
func (r *failover) claim(ctx context.Context, choice []*candidate) (e *candidate, verdict *routing.Verdict, again bool) {
	tenant := r.g.req.Key.Tenant
	all := make([]*limits.Slots, len(choice))
	for i, e := range choice {
		all[i] = r.g.req.Setup.slots(e.Provider)
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
	if verdict := r.g.req.Setup.allow(routing.Trial{Candidate: e.Candidate, Tenant: tenant}); verdict != nil {
		return e, verdict, false
	}
	place.Give(tenant)
	e.state, e.refused = exhausted, cmp.Or(r.g.req.Setup.resting(e.Candidate), routing.CircuitOpen)
	return nil, nil, true
}

// patience is how long a place at the first choice is waited for before any other will do.
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

// eligible are the targets to try, in order: the one whose stream ended while the text paused, those not tried, else
// those that broke off in mid-speech and where another has gone on since. One with an open circuit is left out.
func (r *failover) eligible() []*candidate {
	if e := r.again; e != nil && e.state == untried && r.g.req.Setup.resting(e.Candidate) == "" {
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

// start begins an attempt at a target whose place is taken.
func (r *failover) start(ctx context.Context, e *candidate, verdict *routing.Verdict) {
	entered := false
	defer func() {
		if !entered { // a fault of ours: nobody else would give back what was taken
			verdict.Tell(routing.ErrUndecided)
			r.g.req.Setup.slots(e.Provider).Give(r.g.req.Key.Tenant)
		}
	}()
	r.g.out.prepareBackup()
	a := newAttempt(r.g, e.Candidate, verdict)
	e.state, r.again = running, nil
	a.candidate = e
	a.link.start(ctx)
	r.live = append(r.live, a)
	entered = true
}

// step has each attempt do what there is to do. over says that one of them has spoken all of the text; until is when
// to look again.
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
		until = time.Now() // what is left may have something to do by that
	}
	return until, false
}

// conclude takes an attempt that has ended out of the failover loop. It reports whether the text is spoken.
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

// fail notes that a target is no use, or only once others have failed as well.
func (r *failover) fail(a *attempt, err error, heard bool) {
	a.candidate.state = exhausted
	if heard && transient(upstream.KindOf(err)) {
		a.candidate.state = interrupted
	}
	r.last = a.candidate
}

// transient reports whether a fault says little about the next try.
func transient(k upstream.Kind) bool {
	policy := upstream.Policies[k]
	return policy.Trips && !policy.Opens
}

// backupRetry is how long after none was to be had a backup is looked for again: a place may have come free.
const backupRetry = 100 * time.Millisecond

// maybeHedge opens a backup beside an attempt that keeps the caller waiting, where one is to be had. It returns when to
// look again.
func (r *failover) maybeHedge(ctx context.Context, now time.Time) time.Time {
	if len(r.live) != 1 || len(r.failures) >= r.g.req.plan.MaxAttempts {
		return time.Time{}
	}
	reserve := r.untriedRest()
	if len(reserve) == 0 {
		return time.Time{}
	}
	due := r.live[0].arrivals.backupNeeded(now, r.g.engine.firstAudio.usual(reserve[0].Provider))
	if due.IsZero() {
		return due
	}
	if due = awake.Later(due, r.askAgain); now.Before(due) {
		return due
	}
	if !r.g.out.prepareBackup() {
		return time.Time{}
	}
	e, verdict := r.backup(reserve)
	if e == nil {
		r.askAgain = now.Add(backupRetry)
		return r.askAgain
	}
	r.start(ctx, e, verdict)
	return now // the newcomer has its first step at once
}

// untriedRest are the targets that a backup may be opened at, in order: those not tried, else, beside one that was heard,
// those that broke off before it.
func (r *failover) untriedRest() []*candidate {
	if fresh := r.inState(untried); len(fresh) > 0 || !r.live[0].outcome.wasHeard() {
		return fresh
	}
	return r.inState(interrupted)
}

// inState are the targets of a standing that are not to be left alone.
func (r *failover) inState(wanted candidateState) []*candidate {
	var found []*candidate
	for _, e := range r.candidates {
		if e.state == wanted && r.g.req.Setup.resting(e.Candidate) == "" {
			found = append(found, e)
		}
	}
	return found
}

// backup takes a place at the first target of the reserve that has one now.
func (r *failover) backup(reserve []*candidate) (*candidate, *routing.Verdict) {
	tenant := r.g.req.Key.Tenant
	for _, e := range reserve {
		place := r.g.req.Setup.slots(e.Provider)
		if !place.Take(tenant) {
			continue
		}
		if verdict := r.g.req.Setup.allow(routing.Trial{Candidate: e.Candidate, Tenant: tenant}); verdict != nil {
			return e, verdict
		}
		place.Give(tenant)
	}
	return nil, nil
}

// cancelAll ends what still runs.
func (r *failover) cancelAll(ctx context.Context, cause error) {
	for _, a := range slices.Clone(r.live) {
		r.conclude(ctx, a, a.outcome.lose(cause))
	}
}

// ranked are a plan's candidates in the order of its strategy. One that was never heard goes first, so that it is
// known.
func (e *Engine) ranked(plan *routing.Plan) []routing.Candidate {
	if plan.Strategy != routing.Fastest {
		return plan.Candidates
	}
	ranked := slices.Clone(plan.Candidates)
	slices.SortStableFunc(ranked, func(a, b routing.Candidate) int {
		return cmp.Or(
			cmp.Compare(rank(a.Provider, plan.Preferred), rank(b.Provider, plan.Preferred)),
			cmp.Compare(e.firstAudio.known(a.Provider), e.firstAudio.known(b.Provider)),
		)
	})
	return ranked
}
