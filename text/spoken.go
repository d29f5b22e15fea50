package text

import (
	"unicode"
	"unicode/utf8"
)

// How many letters of prose take as long to say as one character may: in a voice of its own language, or in one that can
// only name it, as an English voice says "Arabic letter tatweel". They are what espeak-ng takes in eleven languages, half of
// it, since who asks allows for slow voices as well.
const (
	letterLength  = 1
	capitalLength = 3  // an abbreviation is spelled
	signLength    = 4  // "question mark"; a letter that a voice of another language names
	digitLength   = 6  // "seven hundred", and thousands between
	syllableSigns = 8  // of scripts whose characters are syllables, or words
	symbolLength  = 10 // "rightwards arrow", and all that has a name alone
)

// SpokenLength is at most how many letters of prose take as long to say as s does. A tag counts as it is written.
func SpokenLength(s string) int {
	n := 0
	tagged(s, false, func(from, to int, kind stretch) {
		if kind == tagText {
			n += utf8.RuneCountInString(s[from:to])
			return
		}
		for _, r := range s[from:to] {
			switch {
			case kind == spellText:
				n += max(spokenLengthOf(r), digitLength)
			default:
				n += spokenLengthOf(r)
			}
		}
	})
	return n
}

func spokenLengthOf(r rune) int {
	switch {
	case r < utf8.RuneSelf && unicode.IsLower(r), unicode.IsSpace(r), unicode.Is(unicode.C, r):
		return letterLength
	case unicode.Is(unicode.Nd, r):
		return digitLength
	case unicode.Is(unicode.P, r), unicode.Is(unicode.M, r):
		return signLength
	case !unicode.IsLetter(r), unicode.Is(unicode.Lm, r), isPresentationForm(r):
		return symbolLength
	case unicode.Is(unicode.Latin, r) && unicode.IsUpper(r):
		return capitalLength
	case unicode.Is(unicode.Latin, r):
		return letterLength
	case isPhraseScript(r), unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana):
		return syllableSigns
	case unicode.In(r, spacedScripts...):
		return signLength
	default:
		return symbolLength // of scripts that few voices know, and letters of mathematics
	}
}

// spacedScripts are of letters, with spaces between words.
var spacedScripts = []*unicode.RangeTable{
	unicode.Cyrillic, unicode.Greek, unicode.Armenian, unicode.Georgian, unicode.Arabic, unicode.Hebrew, unicode.Hangul,
	unicode.Devanagari, unicode.Bengali, unicode.Tamil, unicode.Telugu, unicode.Gujarati, unicode.Gurmukhi, unicode.Kannada,
	unicode.Malayalam, unicode.Sinhala, unicode.Ethiopic,
}

// isPresentationForm reports whether r is one of the Arabic ligatures that stand for a whole phrase.
func isPresentationForm(r rune) bool { return r >= 0xfb50 && r <= 0xfdff }

const (
	// longestRun is how often a letter counts that is repeated: "nooooo" takes hardly longer than "nooo".
	longestRun = 3
	// longestAddress is how many letters of an address count: many voices say a part of it, or that it is a link.
	longestAddress = 10
)

// LeastLetters is how many letters and digits of s, at least, are heard in any voice that speaks it. Tags have none, nor
// has what only stretches a word in print.
func LeastLetters(s string) int {
	n := 0
	for _, t := range Tokens(s, 0) {
		letters := distinctLetters(t.Text)
		if a, b := nextAddress(t.Text); b > a {
			letters = min(letters, longestAddress)
		}
		n += letters
	}
	return n
}

// distinctLetters counts letters and digits, of a run of one letter no more than longestRun.
func distinctLetters(word string) (n int) {
	var last rune
	run := 0
	for _, r := range word {
		if !isSpeakable(r) || unicode.Is(unicode.Lm, r) {
			continue
		}
		if r == last && !unicode.IsDigit(r) {
			run++
		} else {
			last, run = r, 1
		}
		if run <= longestRun {
			n++
		}
	}
	return n
}
