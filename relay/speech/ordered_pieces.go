package speech

import (
	"math"
	"time"

	"voicerelay/audio"
	"voicerelay/relay/position"
	"voicerelay/text"
	"voicerelay/upstream"
)

// orders are the pieces of text that the vendor has been given, and how far it is with them.
type orders struct {
	// Static.
	cfg      *Config
	arrivals *arrivals // the same speech's

	cutter    *text.Cutter // cuts the text from the resume point on
	stripped  bool         // a cutter before this one has left out a tag
	pieces    []orderedPiece
	expected  time.Duration // audio that the pieces take when spoken slowly
	given     int           // pieces that the vendor has, or may have: the last one may be on its way
	delivered int           // pieces whose audio has come whole
	withheld  int           // the last pieces, which the stream has not passed on to the vendor
	sending   bool          // the last piece counts as withheld only until Speak returns
	lastSent  bool          // the last piece of the text was ordered
	pieceFrom time.Duration // where in the audio the piece under way begins
}

// piecesAhead is how many pieces may be ordered and not yet delivered: the one being spoken and the next. With one, a vendor
// would pause between pieces; with three, a cancel would pay for more than was heard.
const piecesAhead = 2

// piecesKept is how many pieces a stream may keep back while the vendor has nothing to do: short sentences, which then go out
// together.
const piecesKept = 16

// orderedPiece is a piece that was sent, or is about to be.
type orderedPiece struct {
	text.Piece
	aligner     *text.Aligner
	track       int                // its index in the track, once the speech is the one that is sent
	timed       bool               // times of its words came
	order       position.WordOrder // checks those times
	implausible bool               // they can't be true, so none of them is used
	least       time.Duration      // the shortest audio that speaks it
	before      time.Duration      // audio that had come when the vendor got it
}

// cutFrom begins to cut at a place in the text. The vendor gets the tags that it knows.
func (o *orders) cutFrom(char int) {
	o.cutter = text.NewCutter(o.cfg.Text, char, o.cfg.schedule(), o.cfg.Caps.Spell)
	o.cutter.Strip(o.cfg.Caps.MarkupOf(o.cfg.Voice.Model))
}

// shortAudio is the least audio for a letter or digit at speed 1 that counts as speech: a small part of what the fastest voice takes.
const shortAudio = 10 * time.Millisecond

// unmarkedEnd is when a vendor without piece ends is assumed to have finished a piece, if it stays silent. Zero if it
// counts as finished already, or no text waits for that.
func (o *orders) unmarkedEnd(now time.Time) time.Time {
	if at := o.arrivals.lastAudio(now).Add(unmarkedSilence); now.Before(at) && !o.cutter.Done() {
		return at
	}
	return time.Time{}
}

// cut is the next piece to order: if there is text for one, the vendor has less than piecesAhead, and the client has
// room.
func (o *orders) cut(now time.Time) (text.Piece, bool) {
	if o.lastSent {
		return text.Piece{}, false
	}
	owed := max(0, o.ordered()-o.through(now))
	kept := len(o.pieces) - max(o.ordered(), o.delivered)
	if owed+kept >= piecesAhead && (owed > 0 || kept >= piecesKept) {
		return text.Piece{}, false
	}
	if !o.hasRoom(now) {
		return text.Piece{}, false
	}
	p, ok := o.cutter.Next(o.cfg.Cutting.Now(owed == 0, now))
	if ok {
		o.cfg.Cutting.count(p, now)
	}
	return p, ok
}

// shortUntil is when a short piece may be cut that waits only for that; zero: there is none.
func (o *orders) shortUntil(now time.Time) time.Time {
	c := o.cfg.Cutting
	wait := c.Wait(now)
	if wait == 0 || o.lastSent || !o.cutter.Ready(text.Now{Idle: !o.owes(), Settled: c.isSettled(now)}) {
		return time.Time{}
	}
	return now.Add(wait)
}

// leastAhead is how much audio may be under way at least while text is ordered, however small the client's buffer is: a
// vendor that speaks in real time must have its next piece before it has finished one.
const leastAhead = 20 * time.Second

// hasRoom reports whether the client has room for another piece: beyond the audio that waits for it, and what the vendor
// will still make of the pieces that it has.
func (o *orders) hasRoom(now time.Time) bool {
	limit := o.cfg.Buffer
	if ahead := o.ahead(now); ahead > 0 {
		limit = min(limit, max(limit, leastAhead)-ahead)
	}
	return limit > 0 && o.cfg.Client.HasRoom(audio.Samples(limit, o.cfg.Output.Rate))
}

// ahead is about how long the pieces take that the vendor has and does not speak yet. The piece being spoken does not
// count: the next one must be ordered before it ends, or a fast vendor pauses.
func (o *orders) ahead(now time.Time) time.Duration {
	var ahead time.Duration
	under := o.pieces[o.through(now):]
	for _, p := range under[min(1, len(under)):] {
		ahead += Time(p.Text, o.cfg.speed())
	}
	return ahead
}

// order notes a piece as ordered, which has that index in the track if there is one, and makes what the vendor gets.
func (o *orders) order(p text.Piece, track int, now time.Time) upstream.Piece {
	o.lastSent = p.Last
	o.withheld, o.sending = o.withheld+1, true
	o.pieces = append(o.pieces, orderedPiece{
		Piece: p, aligner: text.NewAligner(p), track: track, least: o.leastAudio(p.Text), before: o.arrivals.clock.duration(),
	})
	o.expected += longest(p.Text, o.cfg.speed())
	return upstream.Piece{ID: len(o.pieces) - 1, Text: p.Text, Last: p.Last, More: o.goesOn(now)}
}

// goesOn reports whether another piece follows this one at once, so that a stream may join the two.
func (o *orders) goesOn(now time.Time) bool {
	ahead := len(o.pieces) - o.through(now)
	return !o.lastSent && ahead < piecesAhead && o.hasRoom(now) && o.cutter.Ready(o.cfg.Cutting.Now(false, now))
}

// owes reports whether the vendor has a piece to deliver, or the end of the stream. Pieces that the stream keeps back
// are not owed.
func (o *orders) owes() bool {
	ordered := o.ordered()
	if o.lastSent && ordered == len(o.pieces) {
		return true
	}
	return o.delivered < ordered && o.through(time.Time{}) < ordered
}

// isAllDelivered reports whether the audio of all pieces has come whole.
func (o *orders) isAllDelivered() bool { return o.delivered == len(o.pieces) }

// ordered is how many pieces the stream has passed on to the vendor.
func (o *orders) ordered() int {
	return len(o.pieces) - min(o.withheld, len(o.pieces))
}

// through is how many pieces have been spoken, as far as that is known. A vendor that does not mark their ends counts
// as finished with one after it has sent the least audio for it and is silent for a moment. With a zero time its silence is
// not asked for.
func (o *orders) through(now time.Time) int {
	if o.cfg.Caps.PieceEnds != upstream.PieceEndsNone || o.arrivals.clock.duration() == 0 {
		return o.delivered
	}
	if !now.IsZero() && now.Before(o.arrivals.lastAudio(now).Add(unmarkedSilence)) {
		return o.delivered
	}
	through, least := o.delivered, time.Duration(0)
	for _, p := range o.pieces[o.delivered:] {
		if least += p.least; least > o.arrivals.clock.duration() {
			break
		}
		through++
	}
	return through
}

// unmarkedSilence is how long a vendor that does not mark the ends of pieces is silent when it has finished one. Pauses
// within speech are shorter, and the next piece is ordered that much later.
const unmarkedSilence = 300 * time.Millisecond

// surelySpoken is the share of a long text's estimated time that its audio has at least. A short text's estimate is less
// sure, so its share is smaller.
const surelySpoken = 0.7

// leastAudio is the least audio that speaks a text, by the voice model if the voice was heard before.
func (o *orders) leastAudio(s string) time.Duration {
	h := o.cfg.Voices.Of(o.cfg.Voice)
	beats := (text.Piece{Text: s}).Beats()
	if h.Pieces == 0 || len(beats) == 0 {
		return o.shortestSpeech(s)
	}
	share := surelySpoken - h.Spread/math.Sqrt(float64(len(beats)))
	least := time.Duration(share * position.HeardUnits(beats) * float64(h.Unit) / o.cfg.speed())
	return max(least, o.shortestSpeech(s))
}

// shortestSpeech is the least audio of any voice that counts as speech of a text.
func (o *orders) shortestSpeech(s string) time.Duration {
	return time.Duration(float64(text.LeastLetters(s)) * float64(shortAudio) / o.cfg.speed())
}
