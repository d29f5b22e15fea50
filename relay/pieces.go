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
	if a.ended || a.out.endsLocked() || id < a.delivered || id >= len(a.pieces) {
		return
	}
	if err := a.pieceVerdictLocked(id); err != nil {
		a.failLocked(err) // not an end that could be relied on
		return
	}
	a.endPiecesLocked(id)
	a.proveLocked(true)
	if a.out.active == a {
		a.out.cancelOthersLocked(a) // what seemed missing is all there
	}
	a.releaseHeldLocked(time.Now())
	a.out.announceLocked()
	a.out.notify()
}

// pieceVerdictLocked judges what came for the pieces up to id that are not delivered yet.
func (a *attempt) pieceVerdictLocked(id int) error {
	pieces := a.pieces[a.delivered : id+1]
	if err := a.speechVerdict(pieces, a.clock.duration()-a.pieceFrom); err != nil {
		return err
	}
	if a.truncatedLocked(pieces) {
		return &upstream.Error{Kind: upstream.ShortAudio, Message: "a normal end in the middle of the text"}
	}
	return nil
}

// endPiecesLocked ends all pieces up to id.
func (a *attempt) endPiecesLocked(id int) {
	at := a.base + audio.Samples(a.clock.duration(), a.g.req.output.Rate)
	first := a.delivered
	for ; a.delivered <= id; a.delivered++ {
		p := a.pieces[a.delivered]
		if words := p.aligner.Finish(); !p.misled {
			a.timeLocked(words)
		}
		if a.out.active == a {
			a.out.track.EndPiece(p.track, at)
		}
	}
	a.learnLocked(first)
	a.pieceFrom = a.clock.duration()
	a.owedSince = time.Now()
}
