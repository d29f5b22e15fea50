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
	if a.ended || a.out.endsLocked() {
		return
	}
	for len(ws) > 0 && !a.ended {
		n := 1
		for n < len(ws) && ws[n].Piece == ws[0].Piece {
			n++
		}
		a.alignLocked(ws[0].Piece, ws[:n])
		ws = ws[n:]
	}
	a.releaseHeldLocked(time.Now())
	a.out.announceLocked()
}

// alignLocked takes words of one piece.
func (a *attempt) alignLocked(id int, ws []upstream.Word) {
	if id < 0 || id >= len(a.pieces) {
		return // of no piece that was ordered
	}
	for _, w := range ws {
		if !a.pieces[id].aligner.Allow(w.Text) {
			a.failLocked(&upstream.Error{Kind: upstream.Garbled, Message: "times of far more words than the text has"})
			return
		}
	}
	if !a.judgeWordsLocked(id, ws) {
		return
	}
	rate := a.g.req.output.Rate
	spoken := make([]text.Spoken, len(ws))
	for i, w := range ws {
		spoken[i] = text.Spoken{
			Text:  w.Text,
			Start: a.base + audio.Samples(w.Start, rate),
			End:   a.base + audio.Samples(w.End, rate),
			Score: w.Score,
		}
	}
	if !a.pieces[id].timed {
		a.noteTimingLocked()
	}
	a.pieces[id].timed = true
	a.timeLocked(a.pieces[id].aligner.Add(spoken))
}

// noteTimingLocked remembers whether the first words of a piece came as it was spoken.
func (a *attempt) noteTimingLocked() {
	when := position.Prompt
	if a.clock.duration() > a.pieceFrom+lateWords {
		when = position.Late
	}
	a.g.engine.habits.NoteTiming(a.voice(), when)
}

// lateWords is the audio of a piece that comes before its first word time where a vendor times as it speaks.
const lateWords = 500 * time.Millisecond

// timeLocked notes words, or keeps them until the attempt is active.
func (a *attempt) timeLocked(words []text.Timed) {
	if a.out.active == a {
		a.out.track.AddWords(words)
	} else {
		a.early = append(a.early, words...)
	}
}

// judgeWordsLocked reports whether words of a piece may be true. Where one can't be, none of the piece's words says where
// the audio is: which of them is wrong is not known.
func (a *attempt) judgeWordsLocked(id int, ws []upstream.Word) bool {
	p := &a.pieces[id]
	if p.misled {
		return false
	}
	if id == a.delivered && !p.order.Began {
		p.order = position.WordOrder{Began: true, End: a.pieceFrom}
	}
	speed := a.caps.ClampSpeed(a.g.req.speed)
	for _, w := range ws {
		if !p.order.Plausible(w.Text, w.Start, w.End, speed) {
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
	a.g.engine.habits.NoteTiming(a.voice(), position.Late)
	of := func(w text.Timed) bool { return w.Token.Start >= p.Start && w.Token.Start < p.End }
	a.early = slices.DeleteFunc(a.early, of)
	if a.out.active == a {
		a.out.track.Dismiss(of)
	}
}
