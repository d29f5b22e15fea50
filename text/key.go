package text

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// keyOf is what two words have in common that are the same word: case, Unicode form, punctuation and the points of Arabic and Hebrew,
// which vendors add or drop, are taken away; symbols stay, since "C" and "C++" are two words.
func keyOf(word string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case unicode.IsLetter(r) && r != tatweel, unicode.IsNumber(r), isSymbol(r):
			// By way of the capital, so that the two small sigmas are one.
			return unicode.ToLower(unicode.ToUpper(r))
		case unicode.Is(unicode.M, r) && !isPoint(r):
			return r
		}
		return -1
	}, norm.NFKC.String(word))
}

// tatweel only makes an Arabic word longer on paper.
const tatweel = '\u0640'

func isPoint(r rune) bool {
	return r >= 0x064b && r <= 0x065f || r == 0x0670 || r >= 0x0591 && r <= 0x05c7
}
