package downstream

import (
	"unicode"
	"unicode/utf8"
)

// Phrases joins the pieces of a text of which each is a phrase of its own, as clients send whole sentences without a space
// between them. The zero value has nothing yet.
type Phrases struct{ last rune }

// Join is what to append for the next piece: it begins with a space where neither side has one and both are of a script that
// parts its words.
func (p *Phrases) Join(piece string) string {
	first, _ := utf8.DecodeRuneInString(piece)
	if piece == "" {
		return ""
	}
	joined := piece
	if p.last != 0 && !unicode.IsSpace(p.last) && !unicode.IsSpace(first) && !unspaced(p.last) && !unspaced(first) {
		joined = " " + piece
	}
	p.last, _ = utf8.DecodeLastRuneInString(piece)
	return joined
}

// unspaced reports whether a character is of a script that puts no spaces between words, or the wide punctuation of one.
func unspaced(r rune) bool {
	return unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar) ||
		r >= 0x3000 && r <= 0x303f || r >= 0xff00 && r <= 0xffef
}
