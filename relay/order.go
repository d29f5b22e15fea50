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
		a.loseLocked(context.Cause(ctx))
	}
	if a.ended {
		return step{ended: true, err: a.err}
	}
	a.releaseHeldLocked(now)
	until := awake.Earlier(a.g.in.deadlineLocked(now), a.heldUntilLocked(now))
	if p, ok := a.cutLocked(now); ok {
		return step{ordered: true, piece: a.orderLocked(p, now)}
	}
	until = awake.Earlier(until, a.shortUntilLocked(now))
	deadline, err := a.deadlineLocked(now)
	if a.ended || err != nil {
		a.loseLocked(err)
		return step{ended: true, err: a.err}
	}
	if !a.settledLocked(now) && a.cutter.Unsettled() && !a.owesLocked() {
		deadline = awake.Earlier(deadline, a.g.in.at.Add(settleDelay))
	}
	if a.caps.PieceEnds == upstream.PieceEndsNone && !a.lastFrame.IsZero() && !a.lastSent {
		until = awake.Earlier(until, a.unmarkedEndLocked(now))
	}
	return step{until: awake.Earlier(until, deadline)}
}

// unmarkedEndLocked is when a vendor that is silent by then counts as through with a piece; zero: it does already, or
// there is no text that waits for it.
func (a *attempt) unmarkedEndLocked(now time.Time) time.Time {
	if at := a.lastAudioLocked(now).Add(unmarkedSilence); now.Before(at) && !a.cutter.Done() {
		return at
	}
	return time.Time{}
}

// cutLocked is the next piece, if there is text for one, the vendor has few enough and the client has room.
func (a *attempt) cutLocked(now time.Time) (text.Piece, bool) {
	if a.lastSent {
		return text.Piece{}, false
	}
	owed := max(0, a.orderedLocked()-a.throughLocked(now))
	kept := len(a.pieces) - max(a.orderedLocked(), a.delivered)
	if owed+kept >= piecesAhead && (owed > 0 || kept >= piecesKept) {
		return text.Piece{}, false
	}
	if !a.roomyLocked(now) {
		return text.Piece{}, false
	}
	p, ok := a.cutter.Next(a.cutNowLocked(now, owed == 0))
	if ok {
		a.g.in.short.count(p, now)
	}
	return p, ok
}

// leastAhead is how much audio may be under way at least while text is ordered, however little may wait for the client: a
// vendor that speaks in real time must have its next piece before it is through with one.
const leastAhead = 20 * time.Second

// roomyLocked reports whether the client has room for more audio: than waits for it, and than the vendor will make of what
// it has been given.
func (a *attempt) roomyLocked(now time.Time) bool {
	limit := a.g.req.Key.Limits.Buffer
	if ahead := a.aheadLocked(now); ahead > 0 {
		limit = min(limit, max(limit, leastAhead)-ahead)
	}
	return limit > 0 && a.out.lane.HasRoom(audio.Samples(limit, a.g.req.output.Rate))
}

// aheadLocked is about how long it takes to speak what the vendor has been given and has not come to. The piece that it is
// speaking does not count: the next one must be there before it is through, or a fast vendor rests.
func (a *attempt) aheadLocked(now time.Time) time.Duration {
	var ahead time.Duration
	under := a.pieces[a.throughLocked(now):]
	for _, p := range under[min(1, len(under)):] {
		ahead += speechTime(p.Text, a.caps.ClampSpeed(a.g.req.speed))
	}
	return ahead
}

func (a *attempt) settledLocked(now time.Time) bool { return now.Sub(a.g.in.at) >= settleDelay }

// orderLocked notes a piece as ordered.
func (a *attempt) orderLocked(p text.Piece, now time.Time) upstream.Piece {
	a.lastSent = p.Last
	a.withheld, a.sending = a.withheld+1, true
	ordered := orderedPiece{Piece: p, aligner: text.NewAligner(p), least: a.leastAudio(p.Text)}
	if a.out.active == a {
		ordered.track = a.out.track.AddPiece(p)
	}
	a.pieces = append(a.pieces, ordered)
	a.expected += longestSpeech(p.Text, a.caps.ClampSpeed(a.g.req.speed))
	return upstream.Piece{ID: len(a.pieces) - 1, Text: p.Text, Last: p.Last, More: a.goesOnLocked(now)}
}

// goesOnLocked reports whether another piece follows the last one at once.
func (a *attempt) goesOnLocked(now time.Time) bool {
	ahead := len(a.pieces) - a.throughLocked(now)
	return !a.lastSent && ahead < piecesAhead && a.roomyLocked(now) && a.cutter.Ready(a.cutNowLocked(now, false))
}

// owesLocked reports whether the vendor has a piece to deliver, or the end of the stream. What the stream keeps back the
// vendor has no order for.
func (a *attempt) owesLocked() bool {
	ordered := a.orderedLocked()
	if a.lastSent && ordered == len(a.pieces) {
		return true
	}
	return a.delivered < ordered && a.throughLocked(time.Time{}) < ordered
}

// orderedLocked is how many pieces the vendor has the order to speak.
func (a *attempt) orderedLocked() int {
	return len(a.pieces) - min(a.withheld, len(a.pieces))
}

// Withheld notes how many of the last pieces the stream keeps back.
func (a *attempt) Withheld(n int) {
	defer a.survivePanic()
	a.enter()
	defer a.leave()
	owed := a.owesLocked()
	a.withheld, a.sending = n, false
	if !owed && a.owesLocked() {
		a.oweLocked(time.Now())
		a.letGo = a.owedSince
	}
	a.out.notify()
}

// throughLocked is how many pieces have been spoken, as far as it can be known. A vendor that does not mark their ends
// is taken to be through with one once it has sent the least that the piece can take and is silent for a moment; with
// a zero time, whether it is silent is not asked.
func (a *attempt) throughLocked(now time.Time) int {
	if a.caps.PieceEnds != upstream.PieceEndsNone || a.clock.duration() == 0 {
		return a.delivered
	}
	if !now.IsZero() && now.Before(a.lastAudioLocked(now).Add(unmarkedSilence)) {
		return a.delivered
	}
	through, least := a.delivered, time.Duration(0)
	for _, p := range a.pieces[a.delivered:] {
		if least += p.least; least > a.clock.duration() {
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
func (a *attempt) leastAudio(s string) time.Duration {
	h := a.g.engine.habits.Of(a.voice())
	beats := (text.Piece{Text: s}).Beats()
	if h.Pieces == 0 || len(beats) == 0 {
		return a.floorOf(s)
	}
	share := surelySpoken - h.Spread/math.Sqrt(float64(len(beats)))
	least := time.Duration(share * position.HeardUnits(beats) * float64(h.Unit) / a.caps.ClampSpeed(a.g.req.speed))
	return max(least, a.floorOf(s))
}

// waitingLocked is since when the caller has waited for what the vendor owes, less the time in which nobody was there to
// hear it. It reports false where nobody waits: nothing is owed, or another generation of the context is heard.
func (a *attempt) waitingLocked(now time.Time) (since time.Time, ok bool) {
	turn, ok := a.out.lane.TurnCame()
	if !ok || !a.owesLocked() {
		return time.Time{}, false
	}
	since = awake.Later(awake.Later(a.began, a.letGo), turn)
	if !a.lastFrame.IsZero() {
		since = awake.Later(a.lastFrame, awake.Later(a.owedSince, turn))
	}
	return a.awake().Adjust(since, now), true
}

// deadlineLocked is when the vendor must have sent something, or the error that it has not.
func (a *attempt) deadlineLocked(now time.Time) (time.Time, error) {
	since, ok := a.waitingLocked(now)
	if !ok {
		a.lag = lag{}
		return time.Time{}, nil
	}
	deadline, late := since.Add(a.g.req.plan.FirstAudioTimeout), upstream.FirstAudioTimeout
	if !a.lastFrame.IsZero() {
		deadline, late = since.Add(a.g.req.plan.StallTimeout), upstream.Stalled
	}
	if now.Before(deadline) {
		return a.pacedLocked(deadline, now)
	}
	if a.delivered == len(a.pieces) && a.lastSent {
		// Everything is through; only the vendor's account of it is missing.
		a.drainLocked()
		a.ended, a.err = true, a.wholeVerdictLocked()
		return time.Time{}, a.err
	}
	return time.Time{}, &upstream.Error{Kind: late, Message: "no audio in time"}
}

// wholeVerdictLocked judges a normal end of the stream.
func (a *attempt) wholeVerdictLocked() error {
	if !a.lastSent {
		return &upstream.Error{Kind: upstream.Dropped, Message: "the stream ended before the text"}
	}
	if a.delivered == len(a.pieces) {
		return nil // each was judged at its own end
	}
	return a.pieceVerdictLocked(len(a.pieces) - 1)
}

// speechVerdict judges audio that came for pieces: none, or far too little, is a failure, though the vendor says that
// all is well. A text with nothing to speak never is.
func (a *attempt) speechVerdict(pieces []orderedPiece, got time.Duration) error {
	least := time.Duration(0)
	for _, p := range pieces {
		least += a.floorOf(p.Text)
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
func (a *attempt) floorOf(s string) time.Duration {
	return time.Duration(float64(text.LeastLetters(s)) * float64(shortAudio) / a.caps.ClampSpeed(a.g.req.speed))
}
