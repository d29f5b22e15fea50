package speech

import (
	"time"

	"voicerelay/awake"
	"voicerelay/upstream"
)

// Next orders the next piece, if there is text for one and the vendor and the client have room for it. The vendor gets it next: Give,
// and Sent once it has been sent, are called before the next.
func (s *Speech) Next(now time.Time) (upstream.Piece, bool) {
	p, ok := s.orders.cut(now)
	if !ok {
		return upstream.Piece{}, false
	}
	track := 0
	if s.align.track != nil {
		track = s.align.track.AddPiece(p)
	}
	return s.orders.order(p, track, now), true
}

// Give notes that the vendor is about to get the last piece: from now on it may be charged.
func (s *Speech) Give() { s.orders.given = len(s.orders.pieces) }

// Sent notes that the last piece was sent: the vendor has it, unless the stream has called Withheld for it.
func (s *Speech) Sent() {
	o := &s.orders
	if !o.sending {
		return
	}
	owed := o.owes()
	o.withheld, o.sending = o.withheld-1, false
	o.pieces[len(o.pieces)-1].before = s.Audio()
	if !owed && o.owes() {
		s.arrivals.owe(time.Now())
	}
}

// Withheld notes how many of the last pieces the stream keeps back.
func (s *Speech) Withheld(n int) {
	o := &s.orders
	owed := o.owes()
	o.withheld, o.sending = n, false
	if !owed && o.owes() {
		s.arrivals.owe(time.Now())
		s.arrivals.releasedAt = s.arrivals.owedSince
	}
}

// Recut begins to cut again after the last piece that was ordered: the text has been truncated.
func (s *Speech) Recut() {
	s.orders.stripped = s.IsStripped()
	s.orders.cutFrom(max(s.cfg.From, s.OrderedTo()))
}

// OrderedTo is where in the text the last piece ends that was ordered; 0: none was.
func (s *Speech) OrderedTo() int {
	if n := len(s.orders.pieces); n > 0 {
		return s.orders.pieces[n-1].End
	}
	return 0
}

// IsAllOrdered reports whether the text's last piece was ordered.
func (s *Speech) IsAllOrdered() bool { return s.orders.lastSent }

// IsStripped reports whether the text so far has tags that the vendor does not get.
func (s *Speech) IsStripped() bool { return s.orders.stripped || s.orders.cutter.Stripped() }

// TextDue is when to look for a piece again, if no text comes, and the vendor says nothing more; zero: whenever either changes.
func (s *Speech) TextDue(now time.Time) time.Time {
	o := &s.orders
	due := o.shortUntil(now)
	if !s.cfg.Cutting.isSettled(now) && o.cutter.Unsettled() && !o.owes() {
		due = awake.Earlier(due, s.cfg.Cutting.SettledAt())
	}
	if s.cfg.Caps.PieceEnds == upstream.PieceEndsNone && s.HasSpoken() && !o.lastSent {
		due = awake.Earlier(due, o.unmarkedEnd(now))
	}
	return due
}

// Last is the last piece that was ordered; negative: none was.
func (s *Speech) Last() int { return len(s.orders.pieces) - 1 }
