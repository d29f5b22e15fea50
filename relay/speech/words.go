package speech

import (
	"slices"
	"time"

	"voicerelay/audio"
	"voicerelay/relay/position"
	"voicerelay/text"
	"voicerelay/upstream"
)

// Words maps the vendor's words back to the text. An error says that they are none of it.
func (s *Speech) Words(ws []upstream.Word) error {
	for len(ws) > 0 {
		n := 1
		for n < len(ws) && ws[n].Piece == ws[0].Piece {
			n++
		}
		if err := s.align.align(ws[0].Piece, ws[:n]); err != nil {
			return err
		}
		ws = ws[n:]
	}
	return nil
}

// align takes words of one piece.
func (al *alignment) align(id int, ws []upstream.Word) error {
	if id < 0 || id >= len(al.orders.pieces) {
		return nil // no such piece was ordered
	}
	for _, w := range ws {
		if !al.orders.pieces[id].aligner.Allow(w.Text) {
			return &upstream.Error{Kind: upstream.Garbled, Message: "times of far more words than the text has"}
		}
	}
	if !al.judgeWords(id, ws) {
		return nil
	}
	rate := al.cfg.Output.Rate
	spoken := make([]text.Spoken, len(ws))
	for i, w := range ws {
		spoken[i] = text.Spoken{
			Text:  w.Text,
			Start: al.base + audio.Samples(w.Start, rate),
			End:   al.base + audio.Samples(w.End, rate),
			Score: w.Score,
		}
	}
	if !al.orders.pieces[id].timed {
		al.noteTiming()
	}
	al.orders.pieces[id].timed = true
	al.time(al.orders.pieces[id].aligner.Add(spoken))
	return nil
}

// noteTiming tells the voice model whether a piece's first word times came while it was spoken. If they come late, the
// voice is listened to from its next attempt on.
func (al *alignment) noteTiming() {
	when := position.Prompt
	if al.arrivals.clock.duration() > al.orders.pieceFrom+lateWords {
		when = position.Late
	}
	al.cfg.Voices.NoteTiming(al.cfg.Voice, when)
}

// lateWords is how much of a piece's audio may come before its first word time, if the vendor sends times as it speaks.
const lateWords = 500 * time.Millisecond

// time enters words into the track, or keeps them until the speech is sent.
func (al *alignment) time(words []text.Timed) {
	if al.track != nil {
		al.track.AddWords(words)
	} else {
		al.early = append(al.early, words...)
	}
}

// judgeWords reports whether the words' times can be true. If one can't, none of the piece's words is used, since it is
// not known which of them is wrong.
func (al *alignment) judgeWords(id int, ws []upstream.Word) bool {
	p := &al.orders.pieces[id]
	if p.implausible {
		return false
	}
	if id == al.orders.delivered && !p.order.Began {
		p.order = position.WordOrder{Began: true, End: al.orders.pieceFrom}
	}
	speed := al.cfg.speed()
	for _, w := range ws {
		if !p.order.Plausible(w.Text, w.Start, w.End, speed) {
			al.dismissWords(p)
			return false
		}
	}
	return true
}

// dismissWords drops those words of a piece that the client was not told yet, and has the voice listened to from its
// next attempt on.
func (al *alignment) dismissWords(p *orderedPiece) {
	p.implausible, p.timed = true, false
	al.cfg.Voices.NoteTiming(al.cfg.Voice, position.Late)
	of := func(w text.Timed) bool { return w.Token.Start >= p.Start && w.Token.Start < p.End }
	al.early = slices.DeleteFunc(al.early, of)
	if al.track != nil {
		al.track.Dismiss(of)
	}
}
