package relay

import (
	"time"

	"voicerelay/audio"
	"voicerelay/awake"
	"voicerelay/upstream"
)

// arrivals are when the vendor's audio came, and since when more of it is due. By them a vendor is found to be silent, late,
// too slow, or out of control.
type arrivals struct {
	a *attempt // whose it is; static

	// Guarded by the output's mu.
	clock      inputClock    // audio that has come
	frames     int           // of that audio
	lastFrame  time.Time     // zero: no audio yet
	interval   time.Duration // usual time between two frames; 0: not known
	owedSince  time.Time     // when the vendor began to owe, after it had owed nothing
	lag        lag
	releasedAt time.Time // when the stream last sent pieces that it had kept back, while nothing else was owed; zero: never
}

// waitingLocked is since when the caller has waited for what the vendor owes, without time in which it could not have heard
// anything. It reports false if no caller waits: nothing is owed, or another generation of the context is being heard.
func (v *arrivals) waitingLocked(now time.Time) (since time.Time, ok bool) {
	turn, ok := v.a.out.lane.TurnCame()
	if !ok || !v.a.orders.owesLocked() {
		return time.Time{}, false
	}
	since = awake.Later(awake.Later(v.a.began, v.releasedAt), turn)
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
	deadline, late := since.Add(v.a.out.req.plan.FirstAudioTimeout), upstream.FirstAudioTimeout
	if !v.lastFrame.IsZero() {
		deadline, late = since.Add(v.a.out.req.plan.StallTimeout), upstream.Stalled
	}
	if now.Before(deadline) {
		return v.pacedLocked(deadline, now)
	}
	if v.a.orders.delivered == len(v.a.orders.pieces) && v.a.orders.lastSent {
		// All audio is here; only the end of the stream, with the vendor's charge, is missing. That is no failure.
		v.a.drainLocked()
		v.a.outcome.endLocked(v.a.orders.wholeVerdictLocked())
		return time.Time{}, v.a.outcome.err
	}
	return time.Time{}, &upstream.Error{Kind: late, Message: "no audio in time"}
}

// lastAudioLocked is when the latest frame came, moved by the time in which this process did not run: the difference to now
// is how long the vendor has been silent.
func (v *arrivals) lastAudioLocked(now time.Time) time.Time {
	return v.a.awake().Adjust(v.lastFrame, now)
}

// oweLocked notes that the vendor owes something from now on.
func (v *arrivals) oweLocked(now time.Time) { v.owedSince, v.lag = now, lag{} }

// tickLocked notes when a frame came. Time in which the vendor owed nothing is no gap, and one stall counts as stall_timeout
// at most.
func (v *arrivals) tickLocked(now time.Time) {
	if !v.lastFrame.IsZero() {
		gap := max(0, v.a.awake().Between(awake.Later(v.lastFrame, v.owedSince), now))
		gap = min(gap, v.a.out.req.plan.StallTimeout)
		if v.interval == 0 {
			v.interval = gap
		}
		v.interval += (gap - v.interval) / intervalMemory
	}
	v.lastFrame = now
}

// intervalMemory is over how many frames the usual time between two is averaged: a few, so that a change of the network is
// known within a second.
const intervalMemory = 4

// A vendor that sends more than runawayFactor times the audio that its text takes when spoken slowly, and runawaySlack more,
// is out of control: it repeats itself, or speaks noise. The attempt fails before the client pays for hours of it.
const (
	runawayFactor = 4
	runawaySlack  = 10 * time.Second
)

// A vendor may send framesPerSecond frames for a second of audio, and framesSlack more. Each frame becomes a message with a
// head of its own, so audio in single samples would take a hundred times its size. The shortest frames that any vendor sends
// for long have 10 ms; the bound leaves ten times as many.
const (
	framesPerSecond = 1000
	framesSlack     = 4096
)

// isRunawayLocked reports whether far more audio has come than the text can take.
func (v *arrivals) isRunawayLocked() bool {
	return v.clock.duration() > runawayFactor*v.a.orders.expected+runawaySlack
}

// isFragmentedLocked reports whether audio comes in far too many frames.
func (v *arrivals) isFragmentedLocked() bool {
	return v.frames > framesSlack+int(v.clock.duration().Seconds()*framesPerSecond)
}

// inputClock counts the audio that a vendor sent, also if it changes its format.
type inputClock struct {
	format audio.Format
	bytes  int64
	before time.Duration // audio that came in earlier formats
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

// A vendor counts as silent after quietFrames usual gaps, and leastQuiet at least: well before a backup
// is opened, so that most of the held audio is sent by then.
const (
	quietFrames = 2
	leastQuiet  = 50 * time.Millisecond
)

// isQuietLocked reports whether the vendor is silent for longer than between two frames.
func (v *arrivals) isQuietLocked(now time.Time) bool {
	return !now.Before(v.quietFromLocked(now))
}

// quietFromLocked is from when on the vendor counts as silent, if no frame comes.
func (v *arrivals) quietFromLocked(now time.Time) time.Time {
	return v.lastAudioLocked(now).Add(max(leastQuiet, quietFrames*v.interval))
}
