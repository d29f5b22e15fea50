package relay

import (
	"time"

	"voicerelay/awake"
)

// How early a backup is opened in mid-speech: before what the client has in hand runs out, but not while the vendor is
// merely as slow as it usually is.
const (
	backupMargin = 150 * time.Millisecond
	leastSilence = 250 * time.Millisecond
	usualFrames  = 3 // of silence, in what is usual between two frames
)

// backupNeeded is when a second target is to be opened beside this one: before any audio by the route's hedge_after, in
// mid-speech by the client's clock. Zero: not as things are. takes is how long the backup's first audio usually does.
func (v *arrivals) backupNeeded(now time.Time, takes time.Duration) time.Time {
	v.a.out.mu.Lock()
	defer v.a.out.mu.Unlock()
	since, waits := v.waitingLocked(now)
	if !waits || v.a.outcome.over() {
		return time.Time{}
	}
	var hedge time.Time
	if after := v.a.g.req.plan.HedgeAfter; after > 0 && v.lastFrame.IsZero() {
		hedge = since.Add(after)
	}
	if v.a.out.lastSpoke == nil {
		return hedge
	}
	runsOut := v.a.out.lane.Dry().Add(-takes - backupMargin)
	silent := since.Add(max(leastSilence, usualFrames*v.interval))
	return awake.Earlier(hedge, awake.Later(runsOut, silent))
}
