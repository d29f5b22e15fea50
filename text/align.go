package text

// Spoken is a word as a vendor spoke it.
type Spoken struct {
	Text       string
	Start, End int64
	Score      float64
}

// Timed is a word of the client's text with its times.
type Timed struct {
	Token
	Score      float64
	Start, End int64
}

// Aligner maps spoken words to tokens.
type Aligner struct{}

// NewAligner is for one piece.
func NewAligner(p Piece) *Aligner { return &Aligner{} }

// Add takes spoken words.
func (a *Aligner) Add(ws []Spoken) []Timed { return nil }

// Finish resolves the rest.
func (a *Aligner) Finish() []Timed { return nil }
