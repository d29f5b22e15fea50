package text

import "unicode"

const (
	// spokenPerWord and spokenSlack are how many words may be spoken for a piece: far more than any voice needs, since
	// what takes many words (a digit, a symbol, a letter that is spelled) counts as a word itself.
	spokenPerWord = 4
	spokenSlack   = 64
	// spokenLength is how many bytes those words may have on average. An address, which is one word, may have more.
	spokenLength = 64
)

// allowance is how much may be spoken still.
type allowance struct{ words, bytes int }

// allowed is what may be spoken for tokens.
func allowed(tokens []Token) allowance {
	units := 0
	for _, t := range tokens {
		units += unitsOf(t.Text)
	}
	words := spokenPerWord*units + spokenSlack
	return allowance{words: words, bytes: words * spokenLength}
}

// unitsOf is how many words a token may stand for: "A1" and "$5" two, "people" one.
func unitsOf(token string) int {
	units := 0
	for _, r := range token {
		switch {
		case unicode.IsLower(r), unicode.Is(unicode.M, r):
		case unicode.IsLetter(r) && !unicode.IsUpper(r) && !isPhraseScript(r): // of a script that has spaces, or no words
		default:
			units++
		}
	}
	return max(units, 1)
}

// take reports whether a word more may be spoken.
func (a *allowance) take(word string) bool {
	a.words--
	a.bytes -= len(word)
	return a.words >= 0 && a.bytes >= 0
}
