package speech

import (
	"time"

	"voicerelay/upstream"
)

// unmarkedIdle is how long a vendor that does not mark the ends of pieces must have been silent until all that it was given
// counts as spoken: much longer than a pause in its speech, or between its frames.
const unmarkedIdle = time.Second

// Pauses reports whether the vendor owes nothing and the speech waits for text: another could use its slot meanwhile. If that is not
// known yet, until is when to look again.
func (s *Speech) Pauses(now time.Time) (pauses bool, until time.Time) {
	o := &s.orders
	if o.lastSent || s.align.track == nil || !s.HasSpoken() || o.ordered() < len(o.pieces) || !o.hasRoom(now) {
		return false, time.Time{}
	}
	if s.cfg.Caps.PieceEnds == upstream.PieceEndsNone {
		if at := s.arrivals.lastAudio(now).Add(unmarkedIdle); now.Before(at) {
			return false, at
		}
	}
	return o.isAllSpoken(now), time.Time{}
}

// LeavesNothing reports whether an end of the stream leaves nothing undone but text that the vendor was never asked to speak.
func (s *Speech) LeavesNothing(now time.Time) bool {
	o := &s.orders
	if o.lastSent && o.ordered() == len(o.pieces) {
		return false
	}
	return s.align.track != nil && s.HasSpoken() && o.isAllSpoken(now)
}

// isAllSpoken reports whether all ordered pieces, one at least, have been spoken. It is asked only after everything that
// the vendor sent has been read.
func (o *orders) isAllSpoken(now time.Time) bool {
	ordered := o.ordered()
	if o.cfg.Caps.PieceEnds == upstream.PieceEndsNone {
		return ordered > 0 && now.Sub(o.arrivals.lastFrame) >= unmarkedIdle && o.through(time.Time{}) >= ordered
	}
	return o.delivered > 0 && o.delivered >= ordered
}

// Forgo says that the vendor gets no more than it has: the rest is another's. It returns the vendor's last piece, and where in the
// text that ends. Pauses or LeavesNothing must have said yes.
func (s *Speech) Forgo() (last, char int) {
	o := &s.orders
	if o.sending {
		o.given = min(o.given, len(o.pieces)-1) // the last piece never left
	}
	last = o.ordered() - 1
	return last, o.pieces[last].End
}
