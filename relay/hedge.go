package relay

import (
	"context"
	"time"

	"voicerelay/awake"
	"voicerelay/routing"
)

// When a backup is opened in mid-speech: before the audio that the client has in hand runs out, but not while the vendor is
// only as slow as usual.
const (
	// backupMargin is for what usual times to a first audio leave out: half of all starts take longer than usual.
	backupMargin = 150 * time.Millisecond
	// leastSilence is longer than the gaps in which healthy vendors send their frames.
	leastSilence = 250 * time.Millisecond
	// usualFrames is the same for a slow vendor, in usual gaps between two frames.
	usualFrames = 3
)

// backupNeeded is when a second target must be opened: before the first audio after the route's hedge_after, in mid-speech by
// the client's playback clock. Zero: not as things are. takes is how long the backup usually needs to its first audio.
func (a *attempt) backupNeeded(now time.Time, takes time.Duration) time.Time {
	a.out.mu.Lock()
	defer a.out.mu.Unlock()
	since, waits := a.speech.Waiting(now)
	if !waits || a.outcome.over() {
		return time.Time{}
	}
	var hedge time.Time
	if after := a.out.req.plan.HedgeAfter; after > 0 && !a.speech.HasSpoken() {
		hedge = since.Add(after)
	}
	if a.out.lastSpoke == nil {
		return hedge
	}
	runsOut := a.out.lane.Dry().Add(-takes - backupMargin)
	silent := since.Add(max(leastSilence, usualFrames*a.speech.Interval()))
	return awake.Earlier(hedge, awake.Later(runsOut, silent))
}

// backupRetry is how long to wait before a backup is looked for again, after no target had a slot. A caller notices a gap of
// 100 ms hardly, and ten looks a second cost nothing.
const backupRetry = 100 * time.Millisecond

// maybeHedge opens a backup when the one attempt that runs keeps the caller waiting. It returns when to look again.
func (r *failover) maybeHedge(ctx context.Context, now time.Time) time.Time {
	if len(r.live) != 1 || len(r.failures) >= r.g.req.plan.MaxAttempts {
		return time.Time{}
	}
	reserve := r.untriedRest()
	if len(reserve) == 0 {
		return time.Time{}
	}
	due := r.live[0].backupNeeded(now, r.g.engine.firstAudio.Usual(reserve[0].Provider))
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
	e.hedges = true
	r.g.engine.metrics.HedgeOpened()
	r.start(ctx, e, verdict)
	return now // the new attempt has its first step at once
}

// untriedRest are the targets at which a backup may be opened, in order: those not tried, and if there are none and the
// attempt that runs was heard, those that failed in mid-speech before it.
func (r *failover) untriedRest() []*candidate {
	if fresh := r.inState(untried); len(fresh) > 0 || !r.live[0].outcome.wasHeard() {
		return fresh
	}
	return r.inState(interrupted)
}

// backup takes a slot at the first target of the reserve that has one now. A backup never waits: by the time a slot came
// free, the audio would have run out.
func (r *failover) backup(reserve []*candidate) (*candidate, *routing.Verdict) {
	tenant := r.g.req.Key.Tenant
	for _, e := range reserve {
		place := r.g.req.Setup.Slots(e.Provider)
		if !place.Take(tenant) {
			continue
		}
		if verdict := r.g.req.Setup.Allow(routing.Trial{Candidate: e.Candidate, Tenant: tenant}); verdict != nil {
			return e, verdict
		}
		place.Give(tenant)
	}
	return nil, nil
}
