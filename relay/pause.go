package relay

import (
	"time"
)

// pausesLocked reports whether the vendor owes nothing and the attempt waits for text: another could use its slot meanwhile.
// If that is not known yet, until is when to look again.
func (a *attempt) pausesLocked(now time.Time) (pauses bool, until time.Time) {
	if a.outcome.over() {
		return false, time.Time{}
	}
	return a.speech.Pauses(now)
}

// pause offers the attempt's slot while its text pauses. If another wants it, the attempt ends as one that has done all that
// it was asked for: another attempt of its target goes on once there is text again.
func (a *attempt) pause(now time.Time) (ended bool, until time.Time) {
	a.out.mu.Lock()
	pauses, until := a.pausesLocked(now)
	a.out.mu.Unlock()
	slots := a.provider.Slots()
	if !pauses {
		slots.Withdraw(a.holder)
		return false, until
	}
	if !slots.Offer(a.holder, now) {
		return false, time.Time{}
	}
	a.out.mu.Lock()
	defer a.out.mu.Unlock()
	if pauses, until = a.pausesLocked(now); !pauses {
		return false, until // it has ended or gone on meanwhile; the next step sees which
	}
	a.endIdleLocked()
	return true, time.Time{}
}
