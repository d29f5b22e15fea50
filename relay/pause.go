package relay

import (
	"time"

	"voicerelay/upstream"
)

// pausesLocked reports whether the attempt owes its client nothing and waits for text: its place is of no use to it then.
// Where that is not known yet, until is when to look again.
func (a *attempt) pausesLocked(now time.Time) (pauses bool, until time.Time) {
	if a.outcome.over() || a.orders.lastSent || a.out.active != a || a.arrivals.lastFrame.IsZero() || a.orders.orderedLocked() < len(a.orders.pieces) || !a.orders.roomyLocked(now) {
		return false, time.Time{}
	}
	if a.caps.PieceEnds == upstream.PieceEndsNone {
		if at := a.arrivals.lastAudioLocked(now).Add(unmarkedIdle); now.Before(at) {
			return false, at
		}
	}
	return a.orders.allSpokenLocked(now), time.Time{}
}

// pause offers the attempt's place while its text pauses. Where it has been asked for, the attempt ends as one that has
// done all that it was asked for: another one of its target goes on once there is text again.
func (a *attempt) pause(now time.Time) (ended bool, until time.Time) {
	a.out.mu.Lock()
	pauses, until := a.pausesLocked(now)
	a.out.mu.Unlock()
	places := a.provider.slots
	if !pauses {
		places.Withdraw(a.holder)
		return false, until
	}
	if !places.Offer(a.holder, now) {
		return false, time.Time{}
	}
	a.out.mu.Lock()
	defer a.out.mu.Unlock()
	if pauses, until = a.pausesLocked(now); !pauses {
		return false, until // what has ended it meanwhile, or gone on, is seen by the next step
	}
	a.endIdleLocked()
	return true, time.Time{}
}
