package together

import (
	"strings"
	"unicode"
)

// piece is one that was ordered, and what has been heard of it.
type piece struct {
	id      int
	silent  bool   // it has no text: the end became known later than the last words
	letters int    // and digits, of its text
	last    string // its last word
	// sentences is how many there seem to be: the most items that the vendor may make of it.
	sentences int

	heard  int    // letters and digits of the words that the vendor has timed
	latest string // the latest of those words
}

func newPiece(id int, text string) piece {
	p := piece{id: id, silent: text == ""}
	for word := range strings.FieldsSeq(text) {
		p.letters += letters(word)
		if bare := bare(word); bare != "" {
			p.last = bare
		}
		if strings.ContainsAny(word, ".!?") {
			p.sentences++
		}
	}
	p.sentences = max(p.sentences, 1)
	return p
}

// hear counts a word.
func (p *piece) hear(word string) {
	p.heard += letters(word)
	if bare := bare(word); bare != "" {
		p.latest = bare
	}
}

// through reports whether an item that is done may have been the piece's last: its words are not known, or nearly
// all of the piece. Numbers and abbreviations are spoken longer than they are written, hardly ever shorter.
func (p *piece) through() bool { return p.heard == 0 || 10*p.heard >= 9*p.letters }

// whole reports whether the piece's words have been heard to the last.
func (p *piece) whole() bool { return p.letters > 0 && p.heard >= p.letters && p.latest == p.last }

func letters(text string) int {
	n := 0
	for _, r := range text {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			n++
		}
	}
	return n
}

// bare is a word in lower case, without what stands around it.
func bare(word string) string {
	return strings.ToLower(strings.TrimFunc(word, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }))
}
