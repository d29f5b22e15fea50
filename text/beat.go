package text

// Pause is how long a speaker is likely to stop after a word.
type Pause int

// The pauses, shortest first.
const (
	NoPause Pause = iota
	ClausePause
	SentencePause
)

// Beat is a word and the pause after it.
type Beat struct {
	Token
	Pause Pause
}

// Beats returns the piece's words with what their punctuation says of pauses.
func (p Piece) Beats() []Beat {
	source := p.source
	if source == "" {
		source = p.Text
	}
	tokens := p.Tokens()
	beats := make([]Beat, len(tokens))
	rest := []rune(source)
	for i, t := range tokens {
		end := p.Start + len(rest)
		if i+1 < len(tokens) {
			end = tokens[i+1].Start
		}
		beats[i] = Beat{Token: t, Pause: pauseIn(rest[t.End-p.Start : end-p.Start])}
	}
	return beats
}

// pauseIn is the longest pause that a mark between two words asks for.
func pauseIn(between []rune) Pause {
	longest := NoPause
	for _, r := range between {
		switch signOf(r) {
		case stop:
			return SentencePause
		case pause:
			longest = ClausePause
		}
	}
	return longest
}
