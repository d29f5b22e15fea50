package relay

import (
	"time"
	"unicode/utf8"

	"voicerelay/limits"
	"voicerelay/text"
)

// Bounds on short pieces, which a client makes by a flush after every word. Each is a request at the vendor. A language
// model's sentences are mostly longer, and a short one takes more than a second to speak.
const (
	shortPiece          = 40   // characters; what has as many is no short piece
	shortPerMinute      = 60   // of a generation, and as many at once
	shortOfAllPerMinute = 1800 // of a connection: as honest as 64 generations at once make them
)

// shortPieces are those of a generation. They are guarded by its mu.
type shortPieces struct {
	own    *limits.Rate // nil: there was none
	shared *limits.Rate // of the connection
}

// after is how long the next short piece must wait; 0: not at all.
func (s *shortPieces) after(now time.Time) time.Duration {
	wait := s.shared.After(now)
	if s.own != nil {
		wait = max(wait, s.own.After(now))
	}
	return wait
}

// scarce reports whether hardly a short piece may be cut, so that each has all that waits for it.
func (s *shortPieces) scarce(now time.Time) bool {
	return s.own != nil && s.own.Scarce(now) || s.shared.Scarce(now)
}

// count counts a piece, if it is short. The text's last one may be as short as it is.
func (s *shortPieces) count(p text.Piece, now time.Time) {
	if p.Last || utf8.RuneCountInString(p.Text) >= shortPiece {
		return
	}
	if s.own == nil {
		s.own = limits.NewRate(shortPerMinute)
	}
	s.own.Take(now)
	s.shared.Take(now) // other generations may have been faster: it is a bound on many, by a few more or less
}

// now is what a cutter is to know of short pieces besides. While none may be cut, text is joined until it is a longer one.
func (s *shortPieces) now(n text.Now, now time.Time) text.Now {
	n.Joined = s.scarce(now)
	if s.after(now) > 0 {
		n.Least = shortPiece
	}
	return n
}

// cutNowLocked is what the attempt's cutter is to know.
func (o *orders) cutNowLocked(now time.Time, idle bool) text.Now {
	return o.a.g.in.short.now(text.Now{Idle: idle, Settled: o.settledLocked(now)}, now)
}

// shortUntilLocked is when a short piece may be cut that waits only for that; zero: there is none.
func (o *orders) shortUntilLocked(now time.Time) time.Time {
	wait := o.a.g.in.short.after(now)
	if wait == 0 || o.lastSent || !o.cutter.Ready(text.Now{Idle: !o.owesLocked(), Settled: o.settledLocked(now)}) {
		return time.Time{}
	}
	return now.Add(wait)
}
