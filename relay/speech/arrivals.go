package speech

import (
	"time"

	"voicerelay/audio"
	"voicerelay/awake"
	"voicerelay/upstream"
)

// arrivals are when the vendor's audio came, and since when more of it is due. By them a vendor is found to be silent, late,
// too slow, or out of control.
type arrivals struct {
	cfg *Config // static

	clock      inputClock    // audio that has come
	frames     int           // of that audio
	lastFrame  time.Time     // zero: no audio yet
	interval   time.Duration // usual time between two frames; 0: not known
	owedSince  time.Time     // when the vendor began to owe, after it had owed nothing
	lag        lag
	releasedAt time.Time // when the stream last sent pieces that it had kept back, while nothing else was owed; zero: never
}

// take takes note of a frame's audio, of so many bytes, of a text of which so much audio is expected. An error says that the vendor is
// out of control.
func (v *arrivals) take(f audio.Format, n int, at time.Time, expected time.Duration) error {
	v.tick(at)
	v.clock.add(f, n)
	if v.isRunaway(expected) {
		return errRunaway
	}
	if v.frames++; v.isFragmented() {
		return errFragmented
	}
	return nil
}

// Why a vendor counts as out of control.
var (
	errRunaway    = &upstream.Error{Kind: upstream.Garbled, Message: "far more audio than the text can take"}
	errFragmented = &upstream.Error{Kind: upstream.Garbled, Message: "audio in far too many frames"}
)

// lastAudio is when the latest frame came, moved by the time in which this process did not run: the difference to now
// is how long the vendor has been silent.
func (v *arrivals) lastAudio(now time.Time) time.Time {
	return v.cfg.Awake.Adjust(v.lastFrame, now)
}

// owe notes that the vendor owes something from now on.
func (v *arrivals) owe(now time.Time) { v.owedSince, v.lag = now, lag{} }

// tick notes when a frame came. Time in which the vendor owed nothing is no gap, and one stall counts as stall_timeout
// at most.
func (v *arrivals) tick(now time.Time) {
	if !v.lastFrame.IsZero() {
		gap := max(0, v.cfg.Awake.Between(awake.Later(v.lastFrame, v.owedSince), now))
		gap = min(gap, v.cfg.StallTimeout)
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
// is out of control: it repeats itself, or speaks noise. The speech fails before the client pays for hours of it.
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

// isRunaway reports whether far more audio has come than a text can take of which so much is expected.
func (v *arrivals) isRunaway(expected time.Duration) bool {
	return v.clock.duration() > runawayFactor*expected+runawaySlack
}

// isFragmented reports whether audio comes in far too many frames.
func (v *arrivals) isFragmented() bool {
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

// quietFrom is from when on the vendor counts as silent, if no frame comes.
func (v *arrivals) quietFrom(now time.Time) time.Time {
	return v.lastAudio(now).Add(max(leastQuiet, quietFrames*v.interval))
}
