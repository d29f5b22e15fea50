package relay

import (
	"time"

	"voicerelay/relay/outcome"
	"voicerelay/relay/position"
	"voicerelay/upstream"
)

// A stream may end while the text pauses: vendors close sockets that are idle. The vendor owed nothing, so nothing is lost and
// the client is told nothing: once there is text again, another stream of the same target goes on. That holds only for a stream
// that has spoken something, so a vendor that closes every stream at once is not asked forever.

// pausesLocked reports whether the vendor owes nothing and the attempt waits for text: another could use its slot meanwhile.
// If that is not known yet, until is when to look again.
func (a *attempt) pausesLocked(now time.Time) (pauses bool, until time.Time) {
	if a.outcome.Over() {
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
	if !pauses {
		a.vendor.Withdraw()
		return false, until
	}
	if !a.vendor.Offer(now) {
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

// endsIdleLocked reports whether an end of the stream leaves nothing undone but text that the vendor was never asked to
// speak.
func (a *attempt) endsIdleLocked(err error, now time.Time) bool {
	return err != nil && !a.out.EndsLocked() && saysNothing(err) && a.speech.LeavesNothing(now)
}

// saysNothing reports whether an idle stream's end says nothing about what its next stream may expect: unlike a refusal, or a
// limit.
func saysNothing(err error) bool {
	switch upstream.KindOf(err) {
	case upstream.Dropped, upstream.ConnectFailed, upstream.UpstreamError:
		return true
	}
	return false
}

// endIdleLocked ends the attempt as one that has done all that it was asked for. The next one begins after its last ordered
// piece.
func (a *attempt) endIdleLocked() {
	last, char := a.speech.Forgo()
	a.flushLocked(last)
	a.outcome.State = outcome.Idle
	a.out.from = position.Resume{Char: char, Source: position.SourceSegment}
}

// continuesLocked reports whether the attempt only replaces a stream of the same target that ended idle: the client hears no
// change of voice.
func (a *attempt) continuesLocked(before *attempt) bool {
	return before != nil && before.outcome.State == outcome.Idle && before.target == a.target
}

// flushLocked sends what the converter and the hold still have, ends the pieces up to the given one, and announces the words
// that remain.
func (a *attempt) flushLocked(id int) {
	if p, ok := a.conversion.Flush(time.Now()); ok {
		a.deliverLocked(p)
	}
	a.held.Flush(a.emitLocked)
	a.speech.EndThrough(id)
	a.out.track.Clamp()
	a.out.announceLocked()
}
