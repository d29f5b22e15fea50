package relay

import (
	"time"

	"voicerelay/awake"
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
func (v *arrivals) backupNeeded(now time.Time, takes time.Duration) time.Time {
	v.a.out.mu.Lock()
	defer v.a.out.mu.Unlock()
	since, waits := v.waitingLocked(now)
	if !waits || v.a.outcome.over() {
		return time.Time{}
	}
	var hedge time.Time
	if after := v.a.out.req.plan.HedgeAfter; after > 0 && v.lastFrame.IsZero() {
		hedge = since.Add(after)
	}
	if v.a.out.lastSpoke == nil {
		return hedge
	}
	runsOut := v.a.out.lane.Dry().Add(-takes - backupMargin)
	silent := since.Add(max(leastSilence, usualFrames*v.interval))
	return awake.Earlier(hedge, awake.Later(runsOut, silent))
}
