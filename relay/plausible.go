package relay

import (
	"slices"
	"time"
	"unicode"

	"voicerelay/text"
	"voicerelay/upstream"
)

// Bounds of what word times may say at speed 1. Real voices are far from any of them, so that only times that are wrong
// altogether are beyond.
const (
	leastLetter  = 5 * time.Millisecond // of a word's length, for each letter
	mostLetter   = oddUnit * usualUnit
	mostSilence  = 3 * time.Second // before a word
	timesSlack   = 250 * time.Millisecond
	judgedLength = 2 // letters from which a word must have a length
)

// wordOrder is what was told of the words of a piece, on the stream's clock.
type wordOrder struct {
	began bool
	start time.Duration // of the latest word
	end   time.Duration // of all so far; before there is one, where the piece begins
}

// plausible reports whether a word may come next in speech at a speed: it has a length that a voice can take for it,
// and comes soon behind the one before, and not before it. Adapters have words begin in order: one that did not has no length.
func (o *wordOrder) plausible(w upstream.Word, speed float64) bool {
	length := time.Duration(float64(w.End-w.Start) * speed)
	letters := 0
	for _, r := range w.Text {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			letters++
		}
	}
	longest := mostLetter * time.Duration(weight(text.Beat{Token: text.Token{Text: w.Text}}))
	switch {
	case letters >= judgedLength && length < time.Duration(letters)*leastLetter, length > longest+timesSlack:
		return false
	case w.Start < o.start-timesSlack, o.began && w.Start-o.end > time.Duration(float64(mostSilence)/speed):
		return false
	}
	o.began, o.start, o.end = true, w.Start, max(o.end, w.End)
	return true
}

// judgeWordsLocked reports whether words of a piece may be true. Where one can't be, none of the piece's words says where
// the audio is: which of them is wrong is not known.
func (a *attempt) judgeWordsLocked(id int, ws []upstream.Word) bool {
	p := &a.pieces[id]
	if p.misled {
		return false
	}
	if id == a.delivered && !p.order.began {
		p.order = wordOrder{began: true, end: a.pieceFrom}
	}
	speed := a.caps.ClampSpeed(a.g.req.speed)
	for _, w := range ws {
		if !p.order.plausible(w, speed) {
			a.dismissWordsLocked(p)
			return false
		}
	}
	return true
}

// dismissWordsLocked drops a piece's words of which the client has not been told, and has later speech of the voice
// listened to.
func (a *attempt) dismissWordsLocked(p *orderedPiece) {
	p.misled, p.timed = true, false
	a.g.origin.srv.habits.noteTiming(a.voice(), late)
	of := func(w text.Timed) bool { return w.Token.Start >= p.Start && w.Token.Start < p.End }
	a.early = slices.DeleteFunc(a.early, of)
	if a.g.floor == a {
		a.g.track.dismiss(of)
	}
}
