package engine

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Speakable reports whether there is anything in a text to say.
// Vendors differ in what they answer to the rest: see their quirks.
func Speakable(text string) bool {
	return strings.ContainsFunc(text, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) })
}

// LastBoundary is the length of text up to the end of its last whole word; 0: there is none.
func LastBoundary(text string) int { return EndOfLast(text, unicode.IsSpace) }

// EndOfLast is the length of text up to the end of the last character that is wanted, of however many bytes; 0: there is
// none.
func EndOfLast(text string, wanted func(r rune) bool) int {
	start := strings.LastIndexFunc(text, wanted)
	if start < 0 {
		return 0
	}
	_, size := utf8.DecodeRuneInString(text[start:])
	return start + size
}

// FirstSentence cuts the first sentence off whose end is sure: white space follows it, and no <spell> is open.
// A mark at the very end is not sure: 3. may become 3.14.
func FirstSentence(text string) (sentence, rest string) {
	for i, r := range text {
		if !strings.ContainsRune(".!?", r) {
			continue
		}
		end := i + 1
		if end < len(text) && (text[end] == ' ' || text[end] == '\n') &&
			strings.Count(text[:end], "<spell>") == strings.Count(text[:end], "</spell>") {
			return text[:end], text[end:]
		}
	}
	return "", text
}
