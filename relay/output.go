package relay

import (
	"context"
	"sync"
	"time"

	"voicerelay/audio"
	"voicerelay/limits"
	"voicerelay/relay/delivery"
	"voicerelay/relay/input"
	"voicerelay/relay/position"
	"voicerelay/relay/refusals"
	"voicerelay/relay/sound"
)

// output is what the client gets of a generation, whichever attempt speaks. The vendors' readers bring frames and words to it,
// the generation's goroutine decides between attempts, and the session ends it: so it has the lock that guards the generation's
// state, and that of its attempts. It knows none of them.
type output struct {
	// Static after newGeneration.
	*task
	marks  *input.Marks // the generation's, guarded by mu
	outbox *delivery.Outbox
	lane   *delivery.Lane          // in the outbox
	wakeup chan struct{}           // holds one token while the generation's goroutine has something to look at
	cancel context.CancelCauseFunc // ends the generation's context
	grant  limits.Grant            // written by run before anything is spoken, then read alone

	mu    sync.Mutex // guards what follows, and what its owners say that it guards
	phase phase

	track      position.Track
	seq        uint32          // of the next frame
	from       position.Resume // where in the text the next attempt begins
	lastSample sound.Sample    // of the audio sent; none once it has been faded out
	told       []Word          // room for the words that the client is told of next
	firstAt    time.Time       // when the first audio could be sent; zero: not yet
	played     played
	whole      int       // characters of a text that was spoken whole; negative: it was not, or not yet
	stoppedAt  time.Time // zero: it was not
	stopCause  *StopCause
}

// phase is how far a generation is. It only grows.
type phase int

const (
	phaseRunning   phase = iota
	phaseStopped         // ended from our side: the client gets nothing more but the end
	phaseConcluded       // how it ends is decided, and does not change any more
	phaseOver            // its end has been queued
)

// played is how much of the generation the client says that it has played.
type played struct {
	known bool
	audio time.Duration
}

// EndsLocked reports whether no more audio and text is taken: the generation is stopped, or its end is decided.
func (o *output) EndsLocked() bool { return o.phase != phaseRunning }

// notify has the generation's goroutine look again. It never blocks.
func (o *output) notify() {
	select {
	case o.wakeup <- struct{}{}:
	default:
	}
}

// wait returns when there is something to look at, at the latest at until (zero: whenever).
func (o *output) wait(ctx context.Context, timer *alarm, until time.Time) error {
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-o.wakeup:
		return nil
	case <-timer.at(until):
		return nil
	}
}

// stopLocked has the client get nothing more but the end. It reports false if the generation was stopped before, or its end is
// decided.
func (o *output) stopLocked(cause *StopCause, now time.Time) bool {
	if o.EndsLocked() {
		return false
	}
	o.phase, o.stoppedAt, o.stopCause = phaseStopped, now, cause
	o.lane.Purge()
	return true
}

// stop ends the generation from our side. Once it has returned, nothing but the end goes to the client. It reports false where that
// was queued already.
func (o *output) stop(cause *StopCause) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.stopLocked(cause, time.Now()) {
		o.cancel(cause)
	}
	return o.phase != phaseOver // what is concluded has its end on the way
}

// stopForFault ends the generation for a fault of ours. It returns what the client is told.
func (o *output) stopForFault(what string, fault any) *refusals.Error {
	err := o.engine.Internal(o.log, what, fault)
	o.stop(&StopCause{name: "internal fault", reason: Failed, err: err})
	return err
}

// setPlayed notes how much of the generation the client has played.
func (o *output) setPlayed(audio time.Duration) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.played = played{known: true, audio: audio}
}

// sent is how much audio the client was sent.
func (o *output) sent() time.Duration { return audio.Duration(o.lane.Taken(), o.req.output.Rate) }
