package relay

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"voicerelay/routing"
	"voicerelay/upstream"
)

// race leads a generation through its targets. As long as all is well one attempt runs; a second one is opened beside
// it where the first keeps the caller waiting, and the first to speak goes on. It belongs to the generation's goroutine.
type race struct {
	g        *generation
	field    []*entrant
	live     []*attempt // at most two
	failures []error
	last     *entrant  // that failed last
	again    *entrant  // whose stream ended while the text paused: it goes on; nil: none
	askAgain time.Time // when to look for a backup again, where none was to be had
	timer    *alarm
}

// entrant is a target and what became of it in this generation.
type entrant struct {
	routing.Candidate
	standing standing
	refused  routing.Why // why it was not tried, though its turn had come; empty: it was, or it has not
}

// standing says whether a target may be tried.
type standing int

const (
	fresh    standing = iota // not tried yet, or it only lost a race
	running                  // an attempt is under way
	faltered                 // it broke off in mid-speech: once another was tried since, its turn may come again
	spent                    // it is no use for this generation
)

// speak has the text spoken by the plan's candidates.
func (g *generation) speak(ctx context.Context) ending {
	r := &race{g: g, timer: newAlarm()}
	defer r.timer.stop()
	for _, c := range g.origin.srv.ranked(g.req.plan) {
		r.field = append(r.field, &entrant{Candidate: c})
	}
	cause := error(errBroken) // what a panic leaves
	defer func() { r.dismiss(ctx, cause) }()
	end := r.run(ctx)
	cause = errOutpaced
	if ctx.Err() != nil {
		cause = context.Cause(ctx)
	}
	return end
}

// run goes on until the text is spoken, no target is left, or the generation is stopped.
func (r *race) run(ctx context.Context) ending {
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
			return ending{reason: reasonCompleted}
		}
		if len(r.live) == 0 {
			continue
		}
		until = earlier(until, r.reinforce(ctx, time.Now()))
		_ = r.g.wait(ctx, r.timer, until) // the next round looks at ctx first
	}
}

// begin enters the next target where no attempt runs. An end says that there is nothing to enter for.
func (r *race) begin(ctx context.Context) (*ending, error) {
	r.g.recall()
	ready, err := r.g.awaitText(ctx)
	if err != nil {
		return nil, err
	}
	if !ready {
		return &ending{reason: reasonCompleted}, nil
	}
	r.follow() // the text may have been long in coming
	if len(r.failures) < r.g.req.plan.MaxAttempts {
		if e, verdict := r.next(ctx); e != nil {
			r.enter(ctx, e, verdict)
			return nil, nil
		}
	}
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	if len(r.failures) == 0 {
		return &ending{reason: reasonFailed, err: noProvider(r.passedOver())}, nil
	}
	return &ending{reason: reasonFailed, err: upstreamFailure(r.failures, r.passedOver())}, nil
}

// passedOver are the route's targets that were never tried, though the text is not spoken.
func (r *race) passedOver() []routing.Omission {
	all := slices.Clone(r.g.req.plan.PassedOver)
	for _, e := range r.field {
		why := e.refused
		if e.standing == fresh {
			why = r.g.req.setup.resting(e.Candidate)
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
func (r *race) next(ctx context.Context) (*entrant, *routing.Verdict) {
	for {
		choice := r.eligible()
		if len(choice) == 0 || ctx.Err() != nil {
			return nil, nil
		}
		if e, verdict, again := r.take(ctx, choice); !again {
			return e, verdict
		}
	}
}

// take takes a place at one of the targets. again says that its circuit has opened meanwhile.
func (r *race) take(ctx context.Context, choice []*entrant) (e *entrant, verdict *routing.Verdict, again bool) {
	tenant := r.g.req.key.Tenant
	all := make([]*slots, len(choice))
	for i, e := range choice {
		all[i] = r.g.req.setup.slots(e.Provider)
	}
	patience := r.patience(choice[0])
	place := takeAny(ctx, tenant, all[:1], patience)
	if place == nil {
		place = takeAny(ctx, tenant, all, -1)
	}
	if place == nil {
		return nil, nil, false
	}
	e = choice[slices.Index(all, place)]
	if verdict := r.g.req.setup.allow(routing.Trial{Candidate: e.Candidate, Tenant: tenant}); verdict != nil {
		return e, verdict, false
	}
	place.give(tenant)
	e.standing, e.refused = spent, cmp.Or(r.g.req.setup.resting(e.Candidate), routing.CircuitOpen)
	return nil, nil, true
}

// patience is how long a place at the first choice is waited for before any other will do.
func (r *race) patience(first *entrant) time.Duration {
	plan := r.g.req.plan
	switch {
	case first == r.again:
		return max(plan.QueuePatience, plan.FirstAudioTimeout) // the same voice is worth that
	case r.g.wasHeard():
		return 0 // the caller is in the middle of a sentence
	}
	return plan.QueuePatience
}

// eligible are the targets to try, in order: the one whose stream ended while the text paused, those not tried, else
// those that broke off in mid-speech and where another has gone on since. One with an open circuit is left out.
func (r *race) eligible() []*entrant {
	if e := r.again; e != nil && e.standing == fresh && r.g.req.setup.resting(e.Candidate) == "" {
		others := slices.DeleteFunc(r.standing(fresh), func(other *entrant) bool { return other == e })
		return append([]*entrant{e}, others...)
	}
	for _, wanted := range []standing{fresh, faltered} {
		choice := slices.DeleteFunc(r.standing(wanted), func(e *entrant) bool { return e == r.last })
		if len(choice) > 0 {
			return choice
		}
	}
	return nil
}

// enter begins an attempt at a target whose place is taken.
func (r *race) enter(ctx context.Context, e *entrant, verdict *routing.Verdict) {
	entered := false
	defer func() {
		if !entered { // a fault of ours: nobody else would give back what was taken
			verdict.Tell(routing.ErrUndecided)
			r.g.req.setup.slots(e.Provider).give(r.g.req.key.Tenant)
		}
	}()
	r.g.fork()
	a := r.g.newAttempt(e.Candidate, verdict)
	e.standing, r.again = running, nil
	a.entrant = e
	a.start(ctx)
	r.live = append(r.live, a)
	entered = true
}

// step has each attempt do what there is to do. over says that one of them has spoken all of the text; until is when
// to look again.
func (r *race) step(ctx context.Context) (until time.Time, over bool) {
	for _, a := range slices.Clone(r.live) {
		next, ended, err := a.step(ctx)
		if !ended {
			until = earlier(until, next)
			continue
		}
		if r.settle(ctx, a, err) {
			return time.Time{}, true
		}
		until = time.Now() // what is left may have something to do by that
	}
	return until, false
}

// settle takes an attempt that has ended out of the race. It reports whether the text is spoken.
func (r *race) settle(ctx context.Context, a *attempt, err error) (spoken bool) {
	r.live = slices.DeleteFunc(r.live, func(other *attempt) bool { return other == a })
	heard := a.settle(ctx, err)
	switch {
	case err == nil && a.endedIdle():
		a.entrant.standing = fresh
		r.again = a.entrant
	case err == nil:
		a.entrant.standing = spent
		return true
	case errors.Is(err, errOutpaced), errors.Is(err, errSuperseded):
		a.entrant.standing = fresh
	case ctx.Err() != nil:
		a.entrant.standing = spent
	default:
		r.failures = append(r.failures, err)
		r.fail(a, err, heard)
	}
	return false
}

// fail notes that a target is no use, or only once others have failed as well.
func (r *race) fail(a *attempt, err error, heard bool) {
	a.entrant.standing = spent
	if heard && transient(upstream.KindOf(err)) {
		a.entrant.standing = faltered
	}
	r.last = a.entrant
}

// transient reports whether a fault says little about the next try.
func transient(k upstream.Kind) bool {
	policy := upstream.Policies[k]
	return policy.Trips && !policy.Opens
}

// backupRetry is how long after none was to be had a backup is looked for again: a place may have come free.
const backupRetry = 100 * time.Millisecond

// reinforce opens a backup beside an attempt that keeps the caller waiting, where one is to be had. It returns when to
// look again.
func (r *race) reinforce(ctx context.Context, now time.Time) time.Time {
	if len(r.live) != 1 || len(r.failures) >= r.g.req.plan.MaxAttempts {
		return time.Time{}
	}
	reserve := r.reserve()
	if len(reserve) == 0 {
		return time.Time{}
	}
	due := r.live[0].backupDue(now, r.g.origin.srv.metrics.usualFirstAudio(reserve[0].Provider))
	if due.IsZero() {
		return due
	}
	if due = later(due, r.askAgain); now.Before(due) {
		return due
	}
	if !r.g.fork() {
		return time.Time{}
	}
	e, verdict := r.backup(reserve)
	if e == nil {
		r.askAgain = now.Add(backupRetry)
		return r.askAgain
	}
	r.enter(ctx, e, verdict)
	return now // the newcomer has its first step at once
}

// reserve are the targets that a backup may be opened at, in order: those not tried, else, beside one that was heard,
// those that broke off before it.
func (r *race) reserve() []*entrant {
	if fresh := r.standing(fresh); len(fresh) > 0 || !r.live[0].wasHeard() {
		return fresh
	}
	return r.standing(faltered)
}

// standing are the targets of a standing that are not to be left alone.
func (r *race) standing(wanted standing) []*entrant {
	var found []*entrant
	for _, e := range r.field {
		if e.standing == wanted && r.g.req.setup.resting(e.Candidate) == "" {
			found = append(found, e)
		}
	}
	return found
}

// backup takes a place at the first target of the reserve that has one now.
func (r *race) backup(reserve []*entrant) (*entrant, *routing.Verdict) {
	tenant := r.g.req.key.Tenant
	for _, e := range reserve {
		place := r.g.req.setup.slots(e.Provider)
		if !place.take(tenant) {
			continue
		}
		if verdict := r.g.req.setup.allow(routing.Trial{Candidate: e.Candidate, Tenant: tenant}); verdict != nil {
			return e, verdict
		}
		place.give(tenant)
	}
	return nil, nil
}

func rank(provider, first string) int {
	if provider == first {
		return 0
	}
	return 1
}

// dismiss ends what still runs.
func (r *race) dismiss(ctx context.Context, cause error) {
	for _, a := range slices.Clone(r.live) {
		r.settle(ctx, a, a.lose(cause))
	}
}

// ranked are a plan's candidates in the order of its strategy. One that was never heard goes first, so that it is
// known.
func (srv *Server) ranked(plan *routing.Plan) []routing.Candidate {
	if plan.Strategy != routing.Fastest {
		return plan.Candidates
	}
	ranked := slices.Clone(plan.Candidates)
	slices.SortStableFunc(ranked, func(a, b routing.Candidate) int {
		return cmp.Or(
			cmp.Compare(rank(a.Provider, plan.Preferred), rank(b.Provider, plan.Preferred)),
			cmp.Compare(srv.metrics.knownFirstAudio(a.Provider), srv.metrics.knownFirstAudio(b.Provider)),
		)
	})
	return ranked
}
