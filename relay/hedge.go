package relay

import (
	"time"

	"voicerelay/awake"
	"voicerelay/relay/candidates"
	"voicerelay/routing"
)

// When a backup is opened in mid-speech: before the audio that the client has in hand runs out, but not while the vendor is
// only as slow as usual.
const (
	// leastSilence is longer than the gaps in which healthy vendors send their frames.
	leastSilence = 250 * time.Millisecond
	// usualFrames is the same for a slow vendor, in usual gaps between two frames.
	usualFrames = 3
)

// backupRetry is how long to wait before a backup is looked for again, after no target had a slot. A caller notices a gap of
// 100 ms hardly, and ten looks a second cost nothing.
const backupRetry = 100 * time.Millisecond

// hedge decides when a second target is tried beside one that keeps the caller waiting. It belongs to the generation's goroutine.
type hedge struct {
	// Static.
	candidates *candidates.List
	attempts   *attempts

	askAgain time.Time // when to look for a backup again, after none had a slot
}

// backup is the target at which a backup of the one attempt that runs is to be opened now: its slot is taken. nil: none; until is when
// to look again.
func (h *hedge) backup(a *attempt, now time.Time) (c *candidates.Candidate, verdict *routing.Verdict, until time.Time) {
	reserve := h.candidates.Reserve(a.wasHeard())
	if len(reserve) == 0 {
		return nil, nil, time.Time{}
	}
	due := h.due(a, now, h.attempts.out.engine.backupTakes(reserve[0].Provider))
	if due.IsZero() {
		return nil, nil, due
	}
	if due = awake.Later(due, h.askAgain); now.Before(due) {
		return nil, nil, due
	}
	if !h.attempts.prepareBackup() {
		return nil, nil, time.Time{}
	}
	if c, verdict = h.candidates.TakeFree(reserve); c == nil {
		h.askAgain = now.Add(backupRetry)
		return nil, nil, h.askAgain
	}
	c.Hedges = true
	h.attempts.out.engine.metrics.HedgeOpened()
	return c, verdict, time.Time{}
}

// due is when a second target must be opened: before the first audio after the route's hedge_after, in mid-speech by the client's
// playback clock. Zero: not as things are. takes is how long before its first audio a backup must be opened.
func (h *hedge) due(a *attempt, now time.Time, takes time.Duration) time.Time {
	out := h.attempts.out
	out.mu.Lock()
	defer out.mu.Unlock()
	since, waits := a.speech.Waiting(now)
	if !waits || a.outcome.Over() {
		return time.Time{}
	}
	var hedge time.Time
	if after := out.req.plan.HedgeAfter; after > 0 && !a.speech.HasSpoken() {
		hedge = since.Add(after)
	}
	if h.attempts.lastSpoke == nil {
		return hedge
	}
	runsOut := out.lane.Dry().Add(-takes)
	silent := since.Add(max(leastSilence, usualFrames*a.speech.Interval()))
	return awake.Earlier(hedge, awake.Later(runsOut, silent))
}
