package relay

import (
	"context"
	"slices"
	"time"

	"voicerelay/relay/input"
	"voicerelay/relay/outcome"
	"voicerelay/routing"
)

var (
	_ owner       = (*attempts)(nil)
	_ input.Owner = (*attempts)(nil)
)

// attempts are those of a generation, and which of them is heard. Whatever one does that concerns another is decided here, and in
// takeover.go.
type attempts struct {
	attemptParts // static

	// Guarded by out.mu.
	all       []*attempt
	speaking  []*attempt     // those that may still speak
	active    *attempt       // the one whose audio is sent; nil before the first audio, and after that attempt has failed
	lastSpoke *attempt       // the one that the client heard last; nil: none yet
	change    change         // what the failover loop has not seen yet
	kept      routing.Target // that goes first for the conversation's sake; the zero value: none
}

// keep notes the target that goes first for the conversation's sake.
func (as *attempts) keep(t routing.Target) {
	as.out.mu.Lock()
	defer as.out.mu.Unlock()
	as.kept = t
}

// begin begins an attempt at a target, at the resume point as it is now.
func (as *attempts) begin(c routing.Candidate, verdict *routing.Verdict) *attempt {
	a := newAttempt(&as.attemptParts, c, verdict)
	as.out.mu.Lock()
	defer as.out.mu.Unlock()
	a.placeLocked(len(as.all))
	as.all = append(as.all, a)
	as.speaking = append(as.speaking, a)
	return a
}

// settle ends an attempt for all who must know. It reports whether the client has heard it.
func (as *attempts) settle(ctx context.Context, a *attempt, err error) (heard bool) {
	a.release(ctx, err)
	as.out.mu.Lock()
	defer as.out.mu.Unlock()
	a.outcome.EndedAt = time.Now()
	as.speaking = slices.DeleteFunc(as.speaking, func(other *attempt) bool { return other == a })
	return a.outcome.Heard
}

// setActiveLocked says whose audio is sent from now on; nil: nobody's, for now.
func (as *attempts) setActiveLocked(a *attempt) {
	if as.active != nil {
		as.active.speech.Leave()
	}
	as.active = a
}

// cancelOthersLocked cancels every attempt but one, which goes on alone.
func (as *attempts) cancelOthersLocked(a *attempt) {
	for _, other := range as.speaking {
		if other != a && !other.outcome.Over() {
			other.outcome.Lose(outcome.ErrLostHedge)
			as.out.notify()
		}
	}
}

// hasRivalLocked reports whether another attempt runs that may still take over.
func (as *attempts) hasRivalLocked(a *attempt) bool {
	return slices.ContainsFunc(as.speaking, func(other *attempt) bool { return other != a && !other.outcome.Over() })
}

// wasHeard reports whether the client has heard any of them, since it began anew.
func (as *attempts) wasHeard() bool {
	as.out.mu.Lock()
	defer as.out.mu.Unlock()
	return as.lastSpoke != nil
}

// change is what sink callbacks noted for the failover loop; the loop takes it once per turn, since it may tell the client's
// session only without the output's lock.
type change struct {
	speaker   routing.Target // that has begun to be heard; the zero value: no new one
	took      bool           // it took over from another
	restartBy string         // the provider that must speak all of the text again; empty: none
}

// takeChange returns what has changed since it was last asked.
func (as *attempts) takeChange() change {
	as.out.mu.Lock()
	defer as.out.mu.Unlock()
	c := as.change
	as.change = change{}
	return c
}

// isSuperseded reports whether all of the text must be spoken again.
func (as *attempts) isSuperseded() bool {
	as.out.mu.Lock()
	defer as.out.mu.Unlock()
	return as.change.restartBy != ""
}

// EndsLocked implements input.Owner.
func (as *attempts) EndsLocked() bool { return as.out.EndsLocked() }

// OrderedLocked is up to where in the text vendors were given pieces.
func (as *attempts) OrderedLocked() int {
	ordered := as.out.from.Char
	for _, a := range as.all {
		ordered = max(ordered, a.speech.OrderedTo())
	}
	return ordered
}

// ChangedLocked implements input.Owner.
func (as *attempts) ChangedLocked() {
	as.tellMarksLocked()
	as.out.notify()
}

// TruncatedLocked implements input.Owner.
func (as *attempts) TruncatedLocked() {
	for _, a := range as.speaking {
		a.speech.Recut()
	}
	as.out.notify()
}

// tellMarksLocked implements owner.
func (as *attempts) tellMarksLocked() {
	if !as.out.marks.IsEmpty() {
		as.out.tellMarksLocked(as.spokenToLocked(time.Now()), false)
	}
}

// spokenToLocked is up to where in the text all audio has been queued.
func (as *attempts) spokenToLocked(now time.Time) int {
	switch a := as.active; {
	case a == nil:
		return as.out.from.Char
	case !a.held.IsEmpty():
		return a.from.Char
	default:
		return a.speech.SpokenTo(now)
	}
}

// lastLocked is the attempt that the client heard last, else the last one; nil: there was none.
func (as *attempts) lastLocked() *attempt {
	if as.lastSpoke != nil || len(as.all) == 0 {
		return as.lastSpoke
	}
	return as.all[len(as.all)-1]
}
