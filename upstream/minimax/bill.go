package minimax

import "voicerelay/upstream"

// bill sums what the vendor says that it charges for.
type bill struct {
	characters int64
	untold     bool // it did not say so of something
}

// mostCharged is what no synthesis is charged beyond: the vendor takes 10,000 characters at once, and counts some twice.
const mostCharged = 1 << 20

// add adds a synthesis of a piece.
func (b *bill) add(p *piece, characters int64) {
	if characters <= 0 || characters > mostCharged {
		b.untold = true
		return
	}
	p.told = true
	b.characters += characters
}

// end takes pieces that have ended.
func (b *bill) end(pieces []*piece) {
	for _, p := range pieces {
		b.untold = b.untold || p.sent && !p.told
	}
}

// metered is the sum, where it is of all that the vendor was sent. Of the pieces that are owed it has told a part at most.
func (b *bill) metered(owed []*piece) upstream.Metered {
	untold := b.untold
	for _, p := range owed {
		untold = untold || p.sent
	}
	if untold {
		return upstream.Metered{}
	}
	return upstream.Metered{Characters: b.characters}
}
