package relay

import (
	"time"

	"voicerelay/relay/position"
	"voicerelay/upstream"
)

// A stream may end while the text pauses: vendors close sockets that are idle. Nothing was owed, so nothing is lost, and
// no one is to notice: once there is text again, another stream of the same target goes on. Each such stream has spoken
// something, so a vendor that closes without is not asked again and again.

// unmarkedIdle is how long a vendor that does not mark the ends of pieces must have been silent to be known to have said
// all: much longer than a pause in its speech, or between its frames.
const unmarkedIdle = time.Second

// endsIdleLocked reports whether an end of the stream leaves nothing undone but text that no vendor has the order for.
func (a *attempt) endsIdleLocked(err error, now time.Time) bool {
	if err == nil || a.out.endsLocked() || a.orders.lastSent && a.orders.orderedLocked() == len(a.orders.pieces) {
		return false
	}
	return a.out.active == a && !a.arrivals.lastFrame.IsZero() && saysNothing(err) && a.orders.allSpokenLocked(now)
}

// allSpokenLocked reports whether all that was ordered has been spoken, and that is something. All that the vendor has sent
// must have been read: as where its end has.
func (o *orders) allSpokenLocked(now time.Time) bool {
	ordered := o.orderedLocked()
	if o.a.caps.PieceEnds == upstream.PieceEndsNone {
		return ordered > 0 && now.Sub(o.a.arrivals.lastFrame) >= unmarkedIdle && o.throughLocked(time.Time{}) >= ordered
	}
	return o.delivered > 0 && o.delivered >= ordered
}

// saysNothing reports whether the end of an idle stream tells nothing of what the next one may expect.
func saysNothing(err error) bool {
	switch upstream.KindOf(err) {
	case upstream.Dropped, upstream.ConnectFailed, upstream.UpstreamError:
		return true
	}
	return false
}

// endIdleLocked ends the attempt as one that has done all that it was asked for.
func (a *attempt) endIdleLocked() {
	ordered := a.orders.orderedLocked()
	if a.orders.sending {
		a.orders.given = min(a.orders.given, len(a.orders.pieces)-1) // the last piece never left
	}
	a.flushLocked(ordered - 1)
	a.outcome.state = attemptIdle
	a.out.from = position.Resume{Char: a.orders.pieces[ordered-1].End, Source: position.SourceSegment}
}

// continuesLocked reports whether the attempt's voice is the one that was heard before it, and that did not break off.
func (a *attempt) continuesLocked(before *attempt) bool {
	return before != nil && before.outcome.state == attemptIdle && before.target == a.target
}

// breakLocked is why the voice that was heard before gave way to another target.
func (o *output) breakLocked(before *attempt) upstream.Kind {
	if before.outcome.state != attemptIdle {
		return rerouteReason(before.outcome.err)
	}
	for i := len(o.attempts) - 1; o.attempts[i] != before; i-- {
		if err := o.attempts[i].outcome.err; err != nil {
			return rerouteReason(err) // of the one that was to go on
		}
	}
	return upstream.Dropped
}

// flushLocked sends what the converter holds and what was held back, ends the pieces up to the given one, and announces
// the words that remain.
func (a *attempt) flushLocked(id int) {
	if a.conversion.conv != nil {
		a.conversion.out = a.conversion.conv.Flush(a.conversion.out[:0])
		a.conversion.conv = nil
		out := a.conversion.out
		a.held.deliverLocked(payload{raw: out, samples: int64(len(out) / a.g.req.output.BytesPerSample()), at: time.Now()})
	}
	a.held.flush(a.emitLocked)
	if a.orders.delivered <= id {
		a.orders.endPiecesLocked(id)
	}
	a.out.track.Clamp()
	a.out.announceLocked()
}
