package text

// Schedule says how much to gather before each piece.
type Schedule struct {
	Gather []int // characters to gather before piece i; the last value holds for all later ones
	Max    int   // longest piece, in characters as the vendor gets them
}

// Now is what a Cutter can't see in the text.
type Now struct {
	Idle    bool // the vendor has nothing ordered: a complete sentence goes out at once, however short
	Settled bool // no text has come for a moment: a sentence end at the very end of the text counts as one
}

// Piece is text for a vendor to speak at once.
type Piece struct {
	Start, End int    // span in the client's text
	Text       string // as the vendor gets it: spell tags kept, or letters apart
	Last       bool   // the text is finished, and nothing speakable follows
}

// Cutter cuts a Buffer into pieces.
type Cutter struct{}

// NewCutter cuts from an offset on.
func NewCutter(b *Buffer, start int, s Schedule, spell bool) *Cutter { return &Cutter{} }

// Next gives the next piece.
func (c *Cutter) Next(now Now) (Piece, bool) { return Piece{}, false }

// Unsettled reports whether settling would give a piece.
func (c *Cutter) Unsettled() bool { return false }

// Done reports whether nothing speakable is left.
func (c *Cutter) Done() bool { return false }
