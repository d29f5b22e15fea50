package text

import (
	"unicode"
	"unicode/utf8"

	"github.com/clipperhouse/uax29/v2/words"
)

// segment is what the Unicode rules find in a text: a word, a space, a single sign.
type segment struct {
	from, to    int
	first, last rune
	kind        segmentKind
}

type segmentKind int

const (
	otherSegment  segmentKind = iota // whitespace, punctuation, emoji
	wordSegment                      // letters or digits
	ideograph                        // one character of a script without spaces: a word that nothing is attached to
	phraseSegment                    // part of a run of Thai, Lao, Khmer or Burmese, which is one token
	symbolSegment                    // what may be attached to a word
)

func split(s string) []segment {
	var out []segment
	for it := words.FromString(s); it.Next(); {
		v := it.Value()
		first, _ := utf8.DecodeRuneInString(v)
		last, _ := lastBase(v)
		out = append(out, segment{from: it.Start(), to: it.End(), first: first, last: last, kind: kindOf(v, first)})
	}
	return out
}

// lastBase is the last character of s that is no combining mark.
func lastBase(s string) (rune, int) {
	for len(s) > 0 {
		r, n := utf8.DecodeLastRuneInString(s)
		if !unicode.In(r, unicode.M, unicode.Cf) || len(s) == n {
			return r, n
		}
		s = s[:len(s)-n]
	}
	return utf8.RuneError, 0
}

func kindOf(v string, first rune) segmentKind {
	switch {
	case isPhraseScript(first) && unicode.IsLetter(first):
		return phraseSegment
	case unicode.In(first, unicode.Han, unicode.Hiragana) && hasSpeakable(v):
		return ideograph
	case hasSpeakable(v):
		return wordSegment
	case isSymbol(first):
		return symbolSegment
	}
	return otherSegment
}

const fullwidthPercent = '\uff05'

// isSymbol reports whether r belongs to the word it touches. Emoji and what marks up text (* ` | ~ < >) don't.
func isSymbol(r rune) bool {
	switch r {
	case '#', '@', '&', '%', '‰', '§', '°', '™', '®', '©', fullwidthPercent:
		return true
	case '|', '~', '<', '>':
		return false
	}
	return unicode.In(r, unicode.Sc, unicode.Sm) || r >= 0x2100 && r <= 0x214f
}
