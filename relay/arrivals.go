package relay

import (
	"time"

	"voicerelay/audio"
	"voicerelay/awake"
	"voicerelay/upstream"
)

// arrivals are when the vendor's audio came, and since when more of it is due.
type arrivals struct {
	a *attempt // whose it is; static

	// Guarded by the output's mu.
	clock     inputClock
	frames    int           // on clock
	lastFrame time.Time     // zero: no audio yet
	interval  time.Duration // usual between frames
	owedSince time.Time     // since when the vendor owes what it owes
	lag       lag
	letGo     time.Time // when the stream last sent what it had kept back, while nothing else was owed; zero: never
}

// waitingLocked is since when the caller has waited for what the vendor owes, less the time in which nobody was there to
// hear it. It reports false where nobody waits: nothing is owed, or another generation of the context is heard.
func (v *arrivals) waitingLocked(now time.Time) (since time.Time, ok bool) {
	turn, ok := v.a.out.lane.TurnCame()
	if !ok || !v.a.orders.owesLocked() {
		return time.Time{}, false
	}
	since = awake.Later(awake.Later(v.a.began, v.letGo), turn)
	if !v.lastFrame.IsZero() {
		since = awake.Later(v.lastFrame, awake.Later(v.owedSince, turn))
	}
	return v.a.awake().Adjust(since, now), true
}

// deadlineLocked is when the vendor must have sent something, or the error that it has not.
func (v *arrivals) deadlineLocked(now time.Time) (time.Time, error) {
	since, ok := v.waitingLocked(now)
	if !ok {
		v.lag = lag{}
		return time.Time{}, nil
	}
	deadline, late := since.Add(v.a.g.req.plan.FirstAudioTimeout), upstream.FirstAudioTimeout
	if !v.lastFrame.IsZero() {
		deadline, late = since.Add(v.a.g.req.plan.StallTimeout), upstream.Stalled
	}
	if now.Before(deadline) {
		return v.pacedLocked(deadline, now)
	}
	if v.a.orders.delivered == len(v.a.orders.pieces) && v.a.orders.lastSent {
		// Everything is through; only the vendor's account of it is missing.
		v.a.drainLocked()
		v.a.outcome.endLocked(v.a.orders.wholeVerdictLocked())
		return time.Time{}, v.a.outcome.err
	}
	return time.Time{}, &upstream.Error{Kind: late, Message: "no audio in time"}
}

// lastAudioLocked is when the latest frame came, by a clock that stands while the process does: only so does the time since
// say how long the vendor has been silent.
func (v *arrivals) lastAudioLocked(now time.Time) time.Time {
	return v.a.awake().Adjust(v.lastFrame, now)
}

// oweLocked notes that the vendor owes something from now on.
func (v *arrivals) oweLocked(now time.Time) { v.owedSince, v.lag = now, lag{} }

// tickLocked notes when a frame came. While the text paused, the vendor owed none.
func (v *arrivals) tickLocked(now time.Time) {
	if !v.lastFrame.IsZero() {
		gap := max(0, v.a.awake().Between(awake.Later(v.lastFrame, v.owedSince), now))
		gap = min(gap, v.a.g.req.plan.StallTimeout)
		if v.interval == 0 {
			v.interval = gap
		}
		v.interval += (gap - v.interval) / intervalMemory
	}
	v.lastFrame = now
}

// intervalMemory is how many frames make what is usual between two of them.
const intervalMemory = 4

// A vendor that sends runawayFactor times the audio that its text would take slowly, and runawaySlack more, has lost
// its way.
const (
	runawayFactor = 4
	runawaySlack  = 10 * time.Second
)

// A vendor may send framesPerSecond frames for a second of audio, and framesSlack more. Each becomes a message with a head
// of its own, so that audio in single samples would take a hundred times its size. Frames of 10 ms are the shortest that
// any vendor sends for long.
const (
	framesPerSecond = 1000
	framesSlack     = 4096
)

func (v *arrivals) runsAwayLocked() bool {
	return v.clock.duration() > runawayFactor*v.a.orders.expected+runawaySlack
}

func (v *arrivals) crumblesLocked() bool {
	return v.frames > framesSlack+int(v.clock.duration().Seconds()*framesPerSecond)
}

// inputClock counts the audio that a vendor sent, over changes of format.
type inputClock struct {
	format audio.Format
	bytes  int64
	before time.Duration // what came in former formats
}

func (c *inputClock) add(f audio.Format, n int) {
	if f != c.format {
		c.before = c.duration()
		c.format, c.bytes = f, 0
	}
	c.bytes += int64(n)
}

func (c *inputClock) duration() time.Duration {
	if c.format.Rate == 0 {
		return c.before
	}
	samples := c.bytes / int64(c.format.BytesPerSample())
	return c.before + time.Duration(samples)*time.Second/time.Duration(c.format.Rate)
}

// A vendor counts as silent after quietFrames of what is usual between two frames, and leastQuiet.
const (
	quietFrames = 2
	leastQuiet  = 50 * time.Millisecond
)

func (v *arrivals) isQuietLocked(now time.Time) bool {
	return !now.Before(v.quietFromLocked(now))
}

func (v *arrivals) quietFromLocked(now time.Time) time.Time {
	return v.lastAudioLocked(now).Add(max(leastQuiet, quietFrames*v.interval))
}
