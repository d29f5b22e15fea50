package speech

import (
	"time"

	"voicerelay/audio"
	"voicerelay/billing"
)

// EndPiece takes the vendor's word that a piece has been delivered, and all before it. known: they were not yet. An error says that the
// audio can't be all of them.
func (s *Speech) EndPiece(id int) (known bool, err error) {
	if id < s.orders.delivered || id >= len(s.orders.pieces) {
		return false, nil
	}
	if err := s.pieceVerdict(id); err != nil {
		return true, err // not an end that could be relied on
	}
	s.endPieces(id)
	return true, nil
}

// EndThrough counts all pieces up to one as delivered.
func (s *Speech) EndThrough(id int) {
	if s.orders.delivered <= id {
		s.endPieces(id)
	}
}

// endPieces ends all pieces up to id: their words are complete, the track gets their ends, and the voice model learns
// from them.
func (s *Speech) endPieces(id int) {
	o, heard := &s.orders, s.Audio()
	at := s.align.base + audio.Samples(heard, s.cfg.Output.Rate)
	first := o.delivered
	for ; o.delivered <= id; o.delivered++ {
		p := o.pieces[o.delivered]
		if words := p.aligner.Finish(); !p.implausible {
			s.align.time(words)
		}
		if s.align.track != nil {
			s.align.track.EndPiece(p.track, at)
		}
	}
	s.align.learn(first)
	o.pieceFrom = heard
	s.arrivals.owedSince = time.Now()
}

// SpokenTo is up to where in the text all audio has come. Of a vendor that does not mark the ends of pieces a piece counts only
// with audio that came after it was ordered.
func (s *Speech) SpokenTo(now time.Time) (char int) {
	o := &s.orders
	spoken := o.through(now)
	for spoken > o.delivered && s.Audio()-o.pieces[spoken-1].before < o.pieces[spoken-1].least {
		spoken--
	}
	if spoken == 0 {
		return s.cfg.From
	}
	return o.pieces[spoken-1].End
}

// Used is what the vendor charges for: the pieces that it was given, but for the last ones that it says it has not, and the audio that
// came.
func (s *Speech) Used(withheld int) billing.Usage {
	used := billing.Usage{Audio: s.Audio()}
	for _, p := range s.orders.pieces[:max(0, s.orders.given-withheld)] {
		if p.Text == "" {
			continue
		}
		used = used.Plus(billing.Measure(p.Text))
	}
	return used
}
