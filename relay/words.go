package relay

import (
	"slices"
	"time"

	"voicerelay/audio"
	"voicerelay/relay/position"
	"voicerelay/text"
	"voicerelay/upstream"
)

// Words maps the vendor's words back to the client's text.
func (a *attempt) Words(ws []upstream.Word) {
	defer a.survivePanic()
	a.enter()
	defer a.leave()
	if a.outcome.over() || a.out.endsLocked() {
		return
	}
	for len(ws) > 0 && !a.outcome.over() {
		n := 1
		for n < len(ws) && ws[n].Piece == ws[0].Piece {
			n++
		}
		a.align.alignLocked(ws[0].Piece, ws[:n])
		ws = ws[n:]
	}
	a.held.releaseLocked(time.Now()) // the words may end where held audio does
	a.out.announceLocked()
}

// alignLocked takes words of one piece.
func (al *alignment) alignLocked(id int, ws []upstream.Word) {
	if id < 0 || id >= len(al.a.orders.pieces) {
		return // no such piece was ordered
	}
	for _, w := range ws {
		if !al.a.orders.pieces[id].aligner.Allow(w.Text) {
			al.a.outcome.failLocked(&upstream.Error{Kind: upstream.Garbled, Message: "times of far more words than the text has"})
			return
		}
	}
	if !al.judgeWordsLocked(id, ws) {
		return
	}
	rate := al.a.out.req.output.Rate
	spoken := make([]text.Spoken, len(ws))
	for i, w := range ws {
		spoken[i] = text.Spoken{
			Text:  w.Text,
			Start: al.base + audio.Samples(w.Start, rate),
			End:   al.base + audio.Samples(w.End, rate),
			Score: w.Score,
		}
	}
	if !al.a.orders.pieces[id].timed {
		al.noteTimingLocked()
	}
	al.a.orders.pieces[id].timed = true
	al.timeLocked(al.a.orders.pieces[id].aligner.Add(spoken))
}

// noteTimingLocked tells the voice model whether a piece's first word times came while it was spoken. If they come late, the
// voice is listened to from its next attempt on.
func (al *alignment) noteTimingLocked() {
	when := position.Prompt
	if al.a.arrivals.clock.duration() > al.a.orders.pieceFrom+lateWords {
		when = position.Late
	}
	al.a.out.engine.voices.NoteTiming(al.a.voice(), when)
}

// lateWords is how much of a piece's audio may come before its first word time, if the vendor sends times as it speaks.
const lateWords = 500 * time.Millisecond

// timeLocked enters words into the track, or keeps them until the attempt is active.
func (al *alignment) timeLocked(words []text.Timed) {
	if al.a.out.active == al.a {
		al.a.out.track.AddWords(words)
	} else {
		al.early = append(al.early, words...)
	}
}

// judgeWordsLocked reports whether the words' times can be true. If one can't, none of the piece's words is used, since it is
// not known which of them is wrong.
func (al *alignment) judgeWordsLocked(id int, ws []upstream.Word) bool {
	p := &al.a.orders.pieces[id]
	if p.implausible {
		return false
	}
	if id == al.a.orders.delivered && !p.order.Began {
		p.order = position.WordOrder{Began: true, End: al.a.orders.pieceFrom}
	}
	speed := al.a.caps.ClampSpeed(al.a.out.req.speed)
	for _, w := range ws {
		if !p.order.Plausible(w.Text, w.Start, w.End, speed) {
			al.dismissWordsLocked(p)
			return false
		}
	}
	return true
}

// dismissWordsLocked drops those words of a piece that the client was not told yet, and has the voice listened to from its
// next attempt on.
func (al *alignment) dismissWordsLocked(p *orderedPiece) {
	p.implausible, p.timed = true, false
	al.a.out.engine.voices.NoteTiming(al.a.voice(), position.Late)
	of := func(w text.Timed) bool { return w.Token.Start >= p.Start && w.Token.Start < p.End }
	al.early = slices.DeleteFunc(al.early, of)
	if al.a.out.active == al.a {
		al.a.out.track.Dismiss(of)
	}
}
