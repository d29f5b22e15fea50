package relay

import (
	"context"
	"math"
	"time"

	"voicerelay/audio"
	"voicerelay/awake"
	"voicerelay/relay/position"
	"voicerelay/text"
	"voicerelay/upstream"
)

// shortAudio is the least audio for a letter or digit at speed 1 that counts as speech.
const shortAudio = 10 * time.Millisecond

// step is what an attempt is to do next.
type step struct {
	ended   bool
	err     error
	ordered bool
	piece   upstream.Piece
	until   time.Time // when to look again; zero: when notified
}

func (a *attempt) next(ctx context.Context, now time.Time) step {
	a.out.mu.Lock()
	defer a.out.mu.Unlock()
	if ctx.Err() != nil { // not a piece more, which the vendor would charge
		a.outcome.loseLocked(context.Cause(ctx))
	}
	if a.outcome.over() {
		return step{ended: true, err: a.outcome.err}
	}
	a.held.releaseLocked(now)
	until := awake.Earlier(a.g.in.deadlineLocked(now), a.held.untilLocked(now))
	if p, ok := a.orders.cutLocked(now); ok {
		return step{ordered: true, piece: a.orders.orderLocked(p, now)}
	}
	until = awake.Earlier(until, a.orders.shortUntilLocked(now))
	deadline, err := a.arrivals.deadlineLocked(now)
	if a.outcome.over() || err != nil {
		a.outcome.loseLocked(err)
		return step{ended: true, err: a.outcome.err}
	}
	if !a.orders.settledLocked(now) && a.orders.cutter.Unsettled() && !a.orders.owesLocked() {
		deadline = awake.Earlier(deadline, a.g.in.at.Add(settleDelay))
	}
	if a.caps.PieceEnds == upstream.PieceEndsNone && !a.arrivals.lastFrame.IsZero() && !a.orders.lastSent {
		until = awake.Earlier(until, a.orders.unmarkedEndLocked(now))
	}
	return step{until: awake.Earlier(until, deadline)}
}

// unmarkedEndLocked is when a vendor that is silent by then counts as through with a piece; zero: it does already, or
// there is no text that waits for it.
func (o *orders) unmarkedEndLocked(now time.Time) time.Time {
	if at := o.a.arrivals.lastAudioLocked(now).Add(unmarkedSilence); now.Before(at) && !o.cutter.Done() {
		return at
	}
	return time.Time{}
}

// cutLocked is the next piece, if there is text for one, the vendor has few enough and the client has room.
func (o *orders) cutLocked(now time.Time) (text.Piece, bool) {
	if o.lastSent {
		return text.Piece{}, false
	}
	owed := max(0, o.orderedLocked()-o.throughLocked(now))
	kept := len(o.pieces) - max(o.orderedLocked(), o.delivered)
	if owed+kept >= piecesAhead && (owed > 0 || kept >= piecesKept) {
		return text.Piece{}, false
	}
	if !o.roomyLocked(now) {
		return text.Piece{}, false
	}
	p, ok := o.cutter.Next(o.cutNowLocked(now, owed == 0))
	if ok {
		o.a.g.in.short.count(p, now)
	}
	return p, ok
}

// leastAhead is how much audio may be under way at least while text is ordered, however little may wait for the client: a
// vendor that speaks in real time must have its next piece before it is through with one.
const leastAhead = 20 * time.Second

// roomyLocked reports whether the client has room for more audio: than waits for it, and than the vendor will make of what
// it has been given.
func (o *orders) roomyLocked(now time.Time) bool {
	limit := o.a.g.req.Key.Limits.Buffer
	if ahead := o.aheadLocked(now); ahead > 0 {
		limit = min(limit, max(limit, leastAhead)-ahead)
	}
	return limit > 0 && o.a.out.lane.HasRoom(audio.Samples(limit, o.a.g.req.output.Rate))
}

// aheadLocked is about how long it takes to speak what the vendor has been given and has not come to. The piece that it is
// speaking does not count: the next one must be there before it is through, or a fast vendor rests.
func (o *orders) aheadLocked(now time.Time) time.Duration {
	var ahead time.Duration
	under := o.pieces[o.throughLocked(now):]
	for _, p := range under[min(1, len(under)):] {
		ahead += speechTime(p.Text, o.a.caps.ClampSpeed(o.a.g.req.speed))
	}
	return ahead
}

func (o *orders) settledLocked(now time.Time) bool { return now.Sub(o.a.g.in.at) >= settleDelay }

// orderLocked notes a piece as ordered.
func (o *orders) orderLocked(p text.Piece, now time.Time) upstream.Piece {
	o.lastSent = p.Last
	o.withheld, o.sending = o.withheld+1, true
	ordered := orderedPiece{Piece: p, aligner: text.NewAligner(p), least: o.leastAudio(p.Text)}
	if o.a.out.active == o.a {
		ordered.track = o.a.out.track.AddPiece(p)
	}
	o.pieces = append(o.pieces, ordered)
	o.expected += longestSpeech(p.Text, o.a.caps.ClampSpeed(o.a.g.req.speed))
	return upstream.Piece{ID: len(o.pieces) - 1, Text: p.Text, Last: p.Last, More: o.goesOnLocked(now)}
}

// goesOnLocked reports whether another piece follows the last one at once.
func (o *orders) goesOnLocked(now time.Time) bool {
	ahead := len(o.pieces) - o.throughLocked(now)
	return !o.lastSent && ahead < piecesAhead && o.roomyLocked(now) && o.cutter.Ready(o.cutNowLocked(now, false))
}

// owesLocked reports whether the vendor has a piece to deliver, or the end of the stream. What the stream keeps back the
// vendor has no order for.
func (o *orders) owesLocked() bool {
	ordered := o.orderedLocked()
	if o.lastSent && ordered == len(o.pieces) {
		return true
	}
	return o.delivered < ordered && o.throughLocked(time.Time{}) < ordered
}

// orderedLocked is how many pieces the vendor has the order to speak.
func (o *orders) orderedLocked() int {
	return len(o.pieces) - min(o.withheld, len(o.pieces))
}

// Withheld notes how many of the last pieces the stream keeps back.
func (a *attempt) Withheld(n int) {
	defer a.survivePanic()
	a.enter()
	defer a.leave()
	owed := a.orders.owesLocked()
	a.orders.withheld, a.orders.sending = n, false
	if !owed && a.orders.owesLocked() {
		a.arrivals.oweLocked(time.Now())
		a.arrivals.letGo = a.arrivals.owedSince
	}
	a.out.notify()
}

// throughLocked is how many pieces have been spoken, as far as it can be known. A vendor that does not mark their ends
// is taken to be through with one once it has sent the least that the piece can take and is silent for a moment; with
// a zero time, whether it is silent is not asked.
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

// unmarkedSilence is how long a vendor that does not mark the ends of pieces says nothing when it is through with one.
const unmarkedSilence = 300 * time.Millisecond

// surelySpoken is the share of a long text's estimated time that its audio has at least; of a short one it is less.
const surelySpoken = 0.7

// leastAudio is the least that a text takes, as far as the voice's habits let it be known.
func (o *orders) leastAudio(s string) time.Duration {
	h := o.a.g.engine.habits.Of(o.a.voice())
	beats := (text.Piece{Text: s}).Beats()
	if h.Pieces == 0 || len(beats) == 0 {
		return o.floorOf(s)
	}
	share := surelySpoken - h.Spread/math.Sqrt(float64(len(beats)))
	least := time.Duration(share * position.HeardUnits(beats) * float64(h.Unit) / o.a.caps.ClampSpeed(o.a.g.req.speed))
	return max(least, o.floorOf(s))
}

// waitingLocked is since when the caller has waited for what the vendor owes, less the time in which nobody was there to
// hear it. It reports false where nobody waits: nothing is owed, or another generation of the context is heard.
func (v *arrivals) waitingLocked(now time.Time) (since time.Time, ok bool) {
	turn, ok := v.a.out.lane.TurnCame()
	if !ok || !v.a.orders.owesLocked() {
		return time.Time{}, false
	}
	since = awake.Later(awake.Later(v.a.began, v.letGo), turn)
	if !v.lastFrame.IsZero() {
		since = awake.Later(v.lastFrame, awake.Later(v.owedSince, turn))
	}
	return v.a.awake().Adjust(since, now), true
}

// deadlineLocked is when the vendor must have sent something, or the error that it has not.
func (v *arrivals) deadlineLocked(now time.Time) (time.Time, error) {
	since, ok := v.waitingLocked(now)
	if !ok {
		v.lag = lag{}
		return time.Time{}, nil
	}
	deadline, late := since.Add(v.a.g.req.plan.FirstAudioTimeout), upstream.FirstAudioTimeout
	if !v.lastFrame.IsZero() {
		deadline, late = since.Add(v.a.g.req.plan.StallTimeout), upstream.Stalled
	}
	if now.Before(deadline) {
		return v.pacedLocked(deadline, now)
	}
	if v.a.orders.delivered == len(v.a.orders.pieces) && v.a.orders.lastSent {
		// Everything is through; only the vendor's account of it is missing.
		v.a.drainLocked()
		v.a.outcome.endLocked(v.a.orders.wholeVerdictLocked())
		return time.Time{}, v.a.outcome.err
	}
	return time.Time{}, &upstream.Error{Kind: late, Message: "no audio in time"}
}

// wholeVerdictLocked judges a normal end of the stream.
func (o *orders) wholeVerdictLocked() error {
	if !o.lastSent {
		return &upstream.Error{Kind: upstream.Dropped, Message: "the stream ended before the text"}
	}
	if o.delivered == len(o.pieces) {
		return nil // each was judged at its own end
	}
	return o.pieceVerdictLocked(len(o.pieces) - 1)
}

// speechVerdict judges audio that came for pieces: none, or far too little, is a failure, though the vendor says that
// all is well. A text with nothing to speak never is.
func (o *orders) speechVerdict(pieces []orderedPiece, got time.Duration) error {
	least := time.Duration(0)
	for _, p := range pieces {
		least += o.floorOf(p.Text)
	}
	switch {
	case least > 0 && got == 0:
		return &upstream.Error{Kind: upstream.NoAudio, Message: "a normal end without audio"}
	case got < least:
		return &upstream.Error{Kind: upstream.ShortAudio, Message: "a normal end with far too little audio"}
	}
	return nil
}

// floorOf is the least audio that counts as a text spoken.
func (o *orders) floorOf(s string) time.Duration {
	return time.Duration(float64(text.LeastLetters(s)) * float64(shortAudio) / o.a.caps.ClampSpeed(o.a.g.req.speed))
}
