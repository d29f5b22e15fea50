package relay

import (
	"time"

	"voicerelay/audio"
	"voicerelay/upstream"
)

// PieceEnd notes that a piece has been delivered, so that the next can be sent.
func (a *attempt) PieceEnd(id int) {
	defer a.survivePanic()
	a.enter()
	defer a.leave()
	if a.outcome.over() || a.out.endsLocked() || id < a.orders.delivered || id >= len(a.orders.pieces) {
		return
	}
	if err := a.orders.pieceVerdictLocked(id); err != nil {
		a.outcome.failLocked(err) // not an end that could be relied on
		return
	}
	a.orders.endPiecesLocked(id)
	a.outcome.proveLocked(true)
	if a.out.active == a {
		a.out.cancelOthersLocked(a) // what seemed missing is all there
	}
	a.held.releaseLocked(time.Now())
	a.out.announceLocked()
	a.out.notify()
}

// pieceVerdictLocked judges what came for the pieces up to id that are not delivered yet.
func (o *orders) pieceVerdictLocked(id int) error {
	pieces := o.pieces[o.delivered : id+1]
	if err := o.speechVerdict(pieces, o.a.arrivals.clock.duration()-o.pieceFrom); err != nil {
		return err
	}
	if o.truncatedLocked(pieces) {
		return &upstream.Error{Kind: upstream.ShortAudio, Message: "a normal end in the middle of the text"}
	}
	return nil
}

// endPiecesLocked ends all pieces up to id.
func (o *orders) endPiecesLocked(id int) {
	at := o.a.align.base + audio.Samples(o.a.arrivals.clock.duration(), o.a.g.req.output.Rate)
	first := o.delivered
	for ; o.delivered <= id; o.delivered++ {
		p := o.pieces[o.delivered]
		if words := p.aligner.Finish(); !p.misled {
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
