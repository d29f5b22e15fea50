package relay

import (
	"context"
	"slices"
	"sync"
	"time"

	"voicerelay/audio"
	"voicerelay/relay/delivery"
	"voicerelay/relay/input"
	"voicerelay/relay/position"
	"voicerelay/relay/sound"
)

var _ input.Owner = (*output)(nil)

// output is what the client gets of a generation, whichever attempt speaks. The vendors' readers bring frames and words to it,
// the generation's goroutine decides between attempts, and the session ends it: so it has the lock that guards the generation's
// state, and that of its attempts.
type output struct {
	// Static after newGeneration.
	engine *Engine
	req    *Prepared
	marks  *input.Marks // the generation's, guarded by mu
	lane   *delivery.Lane
	wakeup chan struct{} // holds one token while the generation's goroutine has something to look at

	mu    sync.Mutex // guards what follows, and what its owners say that it guards
	phase phase

	// Attempts.
	attempts  []*attempt
	speaking  []*attempt // those that may still speak
	active    *attempt   // the one whose audio is sent; nil before the first audio, and after that attempt has failed
	lastSpoke *attempt   // the one that the client heard last; nil: none yet
	change    change     // what the failover loop has not seen yet

	// Audio and text.
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

// change is what sink callbacks noted for the failover loop; the loop takes it once per turn, since it may tell the client's
// session only without the output's lock.
type change struct {
	speaker   string // the provider that has begun to be heard; empty: no new one
	took      bool   // it took over from another provider
	restartBy string // the provider that must speak all of the text again; empty: none
}

// takeChange returns what has changed since it was last asked.
func (o *output) takeChange() change {
	o.mu.Lock()
	defer o.mu.Unlock()
	c := o.change
	o.change = change{}
	return c
}

// isSuperseded reports whether all of the text must be spoken again.
func (o *output) isSuperseded() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.change.restartBy != ""
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

// setActiveLocked says whose audio is sent from now on; nil: nobody's, for now.
func (o *output) setActiveLocked(a *attempt) {
	if o.active != nil {
		o.active.speech.Leave()
	}
	o.active = a
}

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

// setPlayed notes how much of the generation the client has played.
func (o *output) setPlayed(audio time.Duration) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.played = played{known: true, audio: audio}
}

// sent is how much audio the client was sent.
func (o *output) sent() time.Duration { return audio.Duration(o.lane.Taken(), o.req.output.Rate) }

func (o *output) wasHeard() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.lastSpoke != nil
}

// finishAttemptLocked takes an attempt out of those that may still speak.
func (o *output) finishAttemptLocked(a *attempt) {
	o.speaking = slices.DeleteFunc(o.speaking, func(other *attempt) bool { return other == a })
}

// OrderedLocked is up to where in the text vendors were given pieces.
func (o *output) OrderedLocked() int {
	ordered := o.from.Char
	for _, a := range o.attempts {
		ordered = max(ordered, a.speech.OrderedTo())
	}
	return ordered
}

// ChangedLocked implements input.Owner.
func (o *output) ChangedLocked() {
	o.tellMarksLocked(false)
	o.notify()
}

// TruncatedLocked implements input.Owner.
func (o *output) TruncatedLocked() {
	for _, a := range o.speaking {
		a.speech.Recut()
	}
	o.notify()
}
