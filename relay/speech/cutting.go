package speech

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

// Cutting is how a generation's text may be cut as it comes, whichever vendors speak it: a full stop at its end may not be one, and
// short pieces are bounded. Its owner guards it.
type Cutting struct {
	At time.Time // when text last came

	own    *limits.Rate // of the generation's short pieces; nil: there was none
	shared *limits.Rate // of the connection's
}

// SharedRate bounds the short pieces of all texts of a connection.
func SharedRate() *limits.Rate { return limits.NewRate(shortOfAllPerMinute) }

// NewCutting is how a text is cut that has come by now, under the rate that it shares.
func NewCutting(shared *limits.Rate, now time.Time) Cutting { return Cutting{At: now, shared: shared} }

// settleDelay is how long after the last text a full stop at its very end counts as the end of a sentence: language models
// send a full stop and the space after it a moment apart, and "3." may go on as "3.5".
const settleDelay = 200 * time.Millisecond

// SettledAt is from when on a full stop at the end of the text ends a sentence, if no more comes.
func (c *Cutting) SettledAt() time.Time { return c.At.Add(settleDelay) }

func (c *Cutting) isSettled(now time.Time) bool { return now.Sub(c.At) >= settleDelay }

// Wait is how long the next short piece must wait; 0: not at all.
func (c *Cutting) Wait(now time.Time) time.Duration {
	wait := c.shared.After(now)
	if c.own != nil {
		wait = max(wait, c.own.After(now))
	}
	return wait
}

// scarce reports whether hardly a short piece may be cut, so that each has all that waits for it.
func (c *Cutting) scarce(now time.Time) bool {
	return c.own != nil && c.own.Scarce(now) || c.shared.Scarce(now)
}

// count counts a piece, if it is short. The text's last one may be as short as it is.
func (c *Cutting) count(p text.Piece, now time.Time) {
	if p.Last || utf8.RuneCountInString(p.Text) >= shortPiece {
		return
	}
	if c.own == nil {
		c.own = limits.NewRate(shortPerMinute)
	}
	c.own.Take(now)
	c.shared.Take(now) // other generations may have been faster: it is a bound on many, by a few more or less
}

// Now is what a cutter is to know. idle: the vendor has nothing to do. While no short piece may be cut, text is joined until it is a
// longer one.
func (c *Cutting) Now(idle bool, now time.Time) text.Now {
	n := text.Now{Idle: idle, Settled: c.isSettled(now), Joined: c.scarce(now)}
	if c.Wait(now) > 0 {
		n.Least = shortPiece
	}
	return n
}
