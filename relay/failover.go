package relay

import (
	"context"
	"errors"
	"slices"
	"time"

	"voicerelay/awake"
	"voicerelay/relay/candidates"
	"voicerelay/relay/outcome"
	"voicerelay/relay/refusals"
	"voicerelay/routing"
)

// failover takes a generation through its targets. While all is well one attempt runs. A second one, the backup, is opened
// while the first keeps the caller waiting; whichever speaks first goes on alone. It belongs to the generation's goroutine:
// what vendors' readers see reaches it through output, by notify.
type failover struct {
	g          *Generation
	candidates *candidates.List
	hedge      hedge
	live       []*attempt // at most two
	failures   []error
	timer      *alarm
}

// speak has the text spoken by the plan's candidates. It returns once no attempt runs any more, also after a panic.
func (g *Generation) speak(ctx context.Context) ending {
	list := candidates.New(candidates.Config{
		Plan: g.call.Plan(g.req.plan), Setup: g.req.Setup, Tenant: g.req.Key.Tenant, FirstAudio: g.engine.firstAudio, Heard: g.attempts.wasHeard,
	})
	g.attempts.keep(list.Kept())
	r := &failover{g: g, candidates: list, hedge: hedge{candidates: list, attempts: &g.attempts}, timer: newAlarm()}
	defer r.timer.stop()
	cause := error(outcome.ErrBroken) // what a panic leaves
	defer func() { r.cancelAll(ctx, cause) }()
	end := r.run(ctx)
	cause = outcome.ErrLostHedge
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

// follow tells the session whose voice is heard, so that the next generations of the context use it too. If this generation
// must be spoken again by a provider, that one becomes the first candidate.
func (r *failover) follow() {
	c := r.g.attempts.takeChange()
	if c.speaker != (routing.Target{}) {
		r.g.call.NoteHeard(r.g.engine.calls, c.speaker)
		r.g.client.Listener.Speaking(r.g, c.speaker, c.took)
	}
	if c.restartBy != "" {
		r.candidates.Restart(c.restartBy)
	}
}

// maybeHedge opens a backup when the one attempt that runs keeps the caller waiting. It returns when to look again.
func (r *failover) maybeHedge(ctx context.Context, now time.Time) time.Time {
	if len(r.live) != 1 || len(r.failures) >= r.g.req.plan.MaxAttempts {
		return time.Time{}
	}
	c, verdict, until := r.hedge.backup(r.live[0], now)
	if c == nil {
		return until
	}
	r.start(ctx, c, verdict)
	return now // the new attempt has its first step at once
}

// begin starts an attempt when none runs. It waits for text first, since a vendor's stream that has nothing to speak costs a
// slot. An end says that no attempt is needed, or none can be had.
func (r *failover) begin(ctx context.Context) (*ending, error) {
	r.g.attempts.resumeInterrupted()
	ready, err := r.g.awaitText(ctx)
	if err != nil {
		return nil, err
	}
	if !ready {
		return &ending{reason: Completed}, nil
	}
	r.follow() // the text may have been long in coming
	if len(r.failures) < r.g.req.plan.MaxAttempts {
		if c, verdict := r.candidates.Next(ctx); c != nil {
			r.start(ctx, c, verdict)
			return nil, nil
		}
	}
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	if len(r.failures) == 0 {
		return &ending{reason: Failed, err: refusals.NoProvider(r.candidates.PassedOver())}, nil
	}
	return &ending{reason: Failed, err: refusals.UpstreamFailure(r.failures, r.candidates.PassedOver())}, nil
}

// start begins an attempt at a target whose slot is taken.
func (r *failover) start(ctx context.Context, c *candidates.Candidate, verdict *routing.Verdict) {
	entered := false
	defer func() {
		if !entered { // a panic of ours: no attempt exists that would give back the slot and the verdict
			verdict.Tell(routing.ErrUndecided)
			r.g.req.Setup.Slots(c.Provider).Give(r.g.req.Key.Tenant)
		}
	}()
	r.g.attempts.prepareBackup()
	a := r.g.attempts.begin(c.Candidate, verdict)
	r.candidates.Begin(c)
	a.candidate, a.hedges = c, c.Hedges
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
	heard := r.g.attempts.settle(ctx, a, err)
	switch {
	case err == nil && a.endedIdle():
		r.candidates.Pause(a.candidate)
	case err == nil:
		r.candidates.Exhaust(a.candidate)
		return true
	case errors.Is(err, outcome.ErrLostHedge), errors.Is(err, outcome.ErrSuperseded):
		r.candidates.Spare(a.candidate)
	case ctx.Err() != nil:
		r.candidates.Exhaust(a.candidate)
	default:
		r.failures = append(r.failures, err)
		r.candidates.Fail(a.candidate, err, heard)
	}
	return false
}

// cancelAll ends the attempts that still run.
func (r *failover) cancelAll(ctx context.Context, cause error) {
	for _, a := range slices.Clone(r.live) {
		r.conclude(ctx, a, a.lose(cause))
	}
}
