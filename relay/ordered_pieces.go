package relay

import (
	"math"
	"time"

	"voicerelay/audio"
	"voicerelay/relay/position"
	"voicerelay/text"
	"voicerelay/upstream"
)

// orders are the pieces of text that an attempt's vendor has been given, and how far it is with them.
type orders struct {
	a *attempt // whose it is; static

	// Guarded by the output's mu.
	cutter    *text.Cutter // cuts the text from the resume point on
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
	track       int                // its index in the track, once the attempt is active
	timed       bool               // times of its words came
	order       position.WordOrder // checks those times
	implausible bool               // they can't be true, so none of them is used
	least       time.Duration      // the shortest audio that speaks it
}

// mayGive notes that the vendor is about to get the last piece: from now on it may be charged. It reports false if the stream
// has ended meanwhile.
func (o *orders) mayGive() bool {
	o.a.out.mu.Lock()
	defer o.a.out.mu.Unlock()
	if !o.a.outcome.over() {
		o.given = len(o.pieces)
	}
	return !o.a.outcome.over()
}

// sentLocked notes that Speak has returned: the vendor has the last piece, unless the stream has called Withheld for it.
func (o *orders) sentLocked() {
	if !o.sending {
		return
	}
	owed := o.owesLocked()
	o.withheld, o.sending = o.withheld-1, false
	if !owed && o.owesLocked() {
		o.a.arrivals.oweLocked(time.Now())
	}
}

// shortAudio is the least audio for a letter or digit at speed 1 that counts as speech: a small part of what the fastest voice takes.
const shortAudio = 10 * time.Millisecond

// unmarkedEndLocked is when a vendor without piece ends is assumed to have finished a piece, if it stays silent. Zero if it
// counts as finished already, or no text waits for that.
func (o *orders) unmarkedEndLocked(now time.Time) time.Time {
	if at := o.a.arrivals.lastAudioLocked(now).Add(unmarkedSilence); now.Before(at) && !o.cutter.Done() {
		return at
	}
	return time.Time{}
}

// cutLocked is the next piece to order: if there is text for one, the vendor has less than piecesAhead, and the client has
// room.
func (o *orders) cutLocked(now time.Time) (text.Piece, bool) {
	if o.lastSent {
		return text.Piece{}, false
	}
	owed := max(0, o.orderedLocked()-o.throughLocked(now))
	kept := len(o.pieces) - max(o.orderedLocked(), o.delivered)
	if owed+kept >= piecesAhead && (owed > 0 || kept >= piecesKept) {
		return text.Piece{}, false
	}
	if !o.hasRoomLocked(now) {
		return text.Piece{}, false
	}
	p, ok := o.cutter.Next(o.cutNowLocked(now, owed == 0))
	if ok {
		o.a.g.in.short.count(p, now)
	}
	return p, ok
}

// leastAhead is how much audio may be under way at least while text is ordered, however small the client's buffer is: a
// vendor that speaks in real time must have its next piece before it has finished one.
const leastAhead = 20 * time.Second

// hasRoomLocked reports whether the client has room for another piece: beyond the audio that waits for it, and what the vendor
// will still make of the pieces that it has.
func (o *orders) hasRoomLocked(now time.Time) bool {
	limit := o.a.out.req.Key.Limits.Buffer
	if ahead := o.aheadLocked(now); ahead > 0 {
		limit = min(limit, max(limit, leastAhead)-ahead)
	}
	return limit > 0 && o.a.out.lane.HasRoom(audio.Samples(limit, o.a.out.req.output.Rate))
}

// aheadLocked is about how long the pieces take that the vendor has and does not speak yet. The piece being spoken does not
// count: the next one must be ordered before it ends, or a fast vendor pauses.
func (o *orders) aheadLocked(now time.Time) time.Duration {
	var ahead time.Duration
	under := o.pieces[o.throughLocked(now):]
	for _, p := range under[min(1, len(under)):] {
		ahead += speechTime(p.Text, o.a.caps.ClampSpeed(o.a.out.req.speed))
	}
	return ahead
}

// settledLocked reports whether no text has come for a while, so that a full stop at the end of the text ends a sentence.
func (o *orders) settledLocked(now time.Time) bool { return now.Sub(o.a.g.in.at) >= settleDelay }

// orderLocked notes a piece as ordered, and makes what the vendor gets.
func (o *orders) orderLocked(p text.Piece, now time.Time) upstream.Piece {
	o.lastSent = p.Last
	o.withheld, o.sending = o.withheld+1, true
	ordered := orderedPiece{Piece: p, aligner: text.NewAligner(p), least: o.leastAudio(p.Text)}
	if o.a.out.active == o.a {
		ordered.track = o.a.out.track.AddPiece(p)
	}
	o.pieces = append(o.pieces, ordered)
	o.expected += longestSpeech(p.Text, o.a.caps.ClampSpeed(o.a.out.req.speed))
	return upstream.Piece{ID: len(o.pieces) - 1, Text: p.Text, Last: p.Last, More: o.goesOnLocked(now)}
}

// goesOnLocked reports whether another piece follows this one at once, so that a stream may join the two.
func (o *orders) goesOnLocked(now time.Time) bool {
	ahead := len(o.pieces) - o.throughLocked(now)
	return !o.lastSent && ahead < piecesAhead && o.hasRoomLocked(now) && o.cutter.Ready(o.cutNowLocked(now, false))
}

// owesLocked reports whether the vendor has a piece to deliver, or the end of the stream. Pieces that the stream keeps back
// are not owed.
func (o *orders) owesLocked() bool {
	ordered := o.orderedLocked()
	if o.lastSent && ordered == len(o.pieces) {
		return true
	}
	return o.delivered < ordered && o.throughLocked(time.Time{}) < ordered
}

// orderedLocked is how many pieces the stream has passed on to the vendor.
func (o *orders) orderedLocked() int {
	return len(o.pieces) - min(o.withheld, len(o.pieces))
}

// throughLocked is how many pieces have been spoken, as far as that is known. A vendor that does not mark their ends counts
// as finished with one after it has sent the least audio for it and is silent for a moment. With a zero time its silence is
// not asked for.
func (o *orders) throughLocked(now time.Time) int {
	if o.a.caps.PieceEnds != upstream.PieceEndsNone || o.a.arrivals.clock.duration() == 0 {
		return o.delivered
	}
	if !now.IsZero() && now.Before(o.a.arrivals.lastAudioLocked(now).Add(unmarkedSilence)) {
		return o.delivered
	}
	through, least := o.delivered, time.Duration(0)
	for _, p := range o.pieces[o.delivered:] {
		if least += p.least; least > o.a.arrivals.clock.duration() {
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
	h := o.a.out.engine.voices.Of(o.a.voice())
	beats := (text.Piece{Text: s}).Beats()
	if h.Pieces == 0 || len(beats) == 0 {
		return o.shortestSpeech(s)
	}
	share := surelySpoken - h.Spread/math.Sqrt(float64(len(beats)))
	least := time.Duration(share * position.HeardUnits(beats) * float64(h.Unit) / o.a.caps.ClampSpeed(o.a.out.req.speed))
	return max(least, o.shortestSpeech(s))
}

// shortestSpeech is the least audio of any voice that counts as speech of a text.
func (o *orders) shortestSpeech(s string) time.Duration {
	return time.Duration(float64(text.LeastLetters(s)) * float64(shortAudio) / o.a.caps.ClampSpeed(o.a.out.req.speed))
}

// endPiecesLocked ends all pieces up to id: their words are complete, the track gets their ends, and the voice model learns
// from them.
func (o *orders) endPiecesLocked(id int) {
	at := o.a.align.base + audio.Samples(o.a.arrivals.clock.duration(), o.a.out.req.output.Rate)
	first := o.delivered
	for ; o.delivered <= id; o.delivered++ {
		p := o.pieces[o.delivered]
		if words := p.aligner.Finish(); !p.implausible {
			o.a.align.timeLocked(words)
		}
		if o.a.out.active == o.a {
			o.a.out.track.EndPiece(p.track, at)
		}
	}
	o.a.align.learnLocked(first)
	o.pieceFrom = o.a.arrivals.clock.duration()
	o.a.arrivals.owedSince = time.Now()
}
