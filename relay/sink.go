package relay

import (
	"time"

	"voicerelay/audio"
	"voicerelay/awake"
	"voicerelay/upstream"
)

// An attempt is its stream's sink. Each call does its whole step under the generation's lock and queues what
// the client gets. Behind it the vendor's reader sends that itself where the client takes it at once.
var _ upstream.Sink = (*attempt)(nil)

// Audio takes a frame from the vendor on to the client.
func (a *attempt) Audio(f upstream.Frame) {
	defer a.survivePanic()
	arrived := time.Now()
	a.enter()
	defer a.leave()
	if a.outcome.over() || a.out.endsLocked() {
		return // cancelled or over: late audio is nobody's
	}
	scratch := scratchPool.Get().(*[]byte)
	defer scratchPool.Put(scratch)
	raw, err := a.conversion.rawLocked(f, scratch)
	if err != nil {
		a.outcome.failLocked(&upstream.Error{Kind: upstream.Garbled, Message: "audio that is not base64", Err: err})
		return
	}
	if len(raw) == 0 {
		return
	}
	a.out.activateLocked(a)
	a.arrivals.tickLocked(arrived)
	a.arrivals.clock.add(f.Format, len(raw))
	if a.arrivals.runsAwayLocked() {
		a.outcome.failLocked(&upstream.Error{Kind: upstream.Garbled, Message: "far more audio than the text can take"})
		return
	}
	if a.arrivals.frames++; a.arrivals.crumblesLocked() {
		a.outcome.failLocked(&upstream.Error{Kind: upstream.Garbled, Message: "audio in far too many frames"})
		return
	}
	p, err := a.conversion.payloadLocked(f, raw)
	if err != nil {
		a.outcome.failLocked(&upstream.Error{Kind: upstream.Garbled, Message: "audio in a format that can't be converted", Err: err})
		return
	}
	p.at = arrived
	a.held.deliverLocked(p)
	a.outcome.proveLocked(false)
}

// enter begins a step: its messages go out together, behind the lock.
func (a *attempt) enter() {
	a.g.client.Out.BeginBatch()
	a.out.mu.Lock()
}

func (a *attempt) leave() {
	a.out.mu.Unlock()
	a.g.client.Out.EndBatch()
}

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

func (v *arrivals) runsAwayLocked() bool {
	return v.clock.duration() > runawayFactor*v.a.orders.expected+runawaySlack
}

// A vendor may send framesPerSecond frames for a second of audio, and framesSlack more. Each becomes a message with a head
// of its own, so that audio in single samples would take a hundred times its size. Frames of 10 ms are the shortest that
// any vendor sends for long.
const (
	framesPerSecond = 1000
	framesSlack     = 4096
)

func (v *arrivals) crumblesLocked() bool {
	return v.frames > framesSlack+int(v.clock.duration().Seconds()*framesPerSecond)
}

// survivePanic keeps a fault of ours in one attempt's frames from the vendor socket that others share.
func (a *attempt) survivePanic() {
	fault := recover()
	if fault == nil {
		return
	}
	err := a.g.engine.internal(a.g.log, "panic in a frame", fault)
	a.g.stop(&StopCause{name: "internal fault", reason: Failed, err: err})
}

// End takes the stream's end. What the vendor charged counts even for a stream that was cancelled.
func (a *attempt) End(u upstream.Usage, err error) {
	defer a.survivePanic()
	a.enter()
	defer a.leave()
	a.outcome.usage = u
	if a.outcome.over() {
		return
	}
	if err == nil && !a.out.endsLocked() {
		if err = a.orders.wholeVerdictLocked(); err == nil {
			a.drainLocked()
		}
	}
	if a.endsIdleLocked(err, time.Now()) {
		a.endIdleLocked()
	} else {
		a.outcome.endLocked(err)
	}
	a.out.notify()
}

// drainLocked sends what the converter holds and what was held back, and announces the words that remain. An attempt
// that has come so far has won: one that spoke a moment later would say its words again.
func (a *attempt) drainLocked() {
	a.out.cancelOthersLocked(a)
	if a.out.active != a {
		return
	}
	a.flushLocked(len(a.orders.pieces) - 1)
}

// failLocked ends the attempt from our side.
func (oc *outcome) failLocked(err error) {
	oc.endLocked(err)
	oc.a.out.notify()
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
