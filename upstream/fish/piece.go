package fish

import (
	"strings"
	"unicode"
)

// piece is one that was ordered.
type piece struct {
	id     int
	silent bool   // it has no text: the end became known later than the last words
	rest   string // the letters and digits that no chunk has had
}

// bare are a text's letters and digits, in small letters, by which chunks are compared with pieces: a vendor may trim its text.
func bare(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, text)
}

// have takes a chunk's letters off the piece's, and reports false where the piece does not go on with them.
func (p *piece) have(letters string) bool {
	rest, ok := strings.CutPrefix(p.rest, letters)
	if ok {
		p.rest = rest
	}
	return ok
}

// approach takes as many letters off as a chunk has that is written otherwise, as with numbers in words.
func (p *piece) approach(letters string) { p.rest = p.rest[min(len(letters), len(p.rest)):] }
