package text

import (
	"unicode"
	"unicode/utf8"

	"github.com/clipperhouse/uax29/v2/graphemes"
	"github.com/clipperhouse/uax29/v2/words"
)

const zeroWidthJoiner = '\u200d'

// strength says how good a place is for a cut; a piece ends at the strongest one it can have.
type strength int

const (
	glued    strength = iota // whitespace within an abbreviation or a date: better than within a word, no more
	spaced                   // whitespace between words, or a tag's edge
	clause                   // after , ; : and their kin, or a line's end
	sentence                 // after . ! ? and their kin, or a paragraph's end
	strengths
)

// sign is what a character means for cuts.
type sign int

const (
	letter sign = iota // anything that is none of the others: it ends what was pending
	stop               // ends a sentence
	pause              // ends a clause
	closer             // goes with what precedes it: quotes, brackets, emoji, combining marks
	opener             // an opening quote: some languages close with it
)

func signOf(r rune) sign {
	switch {
	case isStop(r):
		return stop
	case isPause(r):
		return pause
	case r == '"' || r == '\'' || r == '*' || r == '_':
		return closer
	case unicode.Is(unicode.Pi, r):
		return opener
	case r < utf8.RuneSelf && r != ')' && r != ']' && r != '}':
		return letter
	case unicode.In(r, unicode.Pe, unicode.Pf, unicode.So, unicode.Sk, unicode.M, unicode.Cf):
		return closer
	}
	return letter
}

func isStop(r rune) bool {
	switch r {
	case '.', '!', '?', '…', '\u17d4' /* Khmer khan */, '\u17d5', '\ufe12' /* vertical 。 */ :
		return true
	}
	return r >= utf8.RuneSelf && unicode.Is(unicode.STerm, r)
}

func isPause(r rune) bool {
	switch r {
	case ',', ';', ':', '–', '—':
		return true
	}
	return r >= utf8.RuneSelf && unicode.Is(unicode.Terminal_Punctuation, r)
}

// isSoft reports whether a stop or pause counts only with whitespace after it: it also stands in numbers,
// abbreviations or addresses, or its script has spaces anyway. The others (。 ！ ।) count at once.
func isSoft(r rune) bool {
	switch r {
	case '…', '‼', '⁇', '⁈', '⁉', '‽', '–':
		return true
	case '؟', '؛', '،':
		return false
	}
	return r < 0x700
}

// isWithin reports whether a sign between a and b is part of one word or number, as the wide full stop and comma may be.
func isWithin(a, sign, b rune) bool {
	var word [3 * utf8.UTFMax]byte
	n := utf8.EncodeRune(word[:], a)
	n += utf8.EncodeRune(word[n:], sign)
	n += utf8.EncodeRune(word[n:], b)
	segments := words.FromBytes(word[:n])
	return segments.Next() && segments.End() == n
}

// isPhraseScript reports whether r's script has no spaces between words, so that one is a pause.
func isPhraseScript(r rune) bool {
	return r >= 0x0e00 && unicode.In(r, unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar)
}

func isNewline(r rune) bool {
	return r == '\n' || r == '\u2028' || r == '\u2029' || r == '\u0085' || r == '\v' || r == '\f'
}

// isSpeakable is the protocol's "letter or digit in any script".
func isSpeakable(r rune) bool { return unicode.IsLetter(r) || unicode.IsNumber(r) }

func countSpeakable(s []byte) int {
	n := 0
	for len(s) > 0 {
		r, size := utf8.DecodeRune(s)
		if isSpeakable(r) {
			n++
		}
		s = s[size:]
	}
	return n
}

func hasSpeakable(s string) bool { return countSpeakable([]byte(s)) > 0 }

// joins reports whether a and b belong to one grapheme cluster. It sees these two alone, so after a zero-width
// joiner it is true in doubt; flags never stand where it is asked.
func joins(a, b rune) bool {
	if a < utf8.RuneSelf && b < utf8.RuneSelf {
		return false // CR LF is one, but no caller divides whitespace
	}
	if a == zeroWidthJoiner {
		return true
	}
	var pair [2 * utf8.UTFMax]byte
	n := utf8.EncodeRune(pair[:], a)
	n += utf8.EncodeRune(pair[n:], b)
	clusters := graphemes.FromBytes(pair[:n])
	return clusters.Next() && clusters.End() == n
}
