package jambonz

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"voicerelay/downstream"
)

// sentences joins the pieces of a text. jambonz cuts it at the ends of sentences, and drops a piece of nothing but spaces that
// comes right after one. Everywhere else a piece has its own spaces, and may begin within a word. The zero value has nothing yet.
type sentences struct {
	phrases downstream.Phrases
	ended   bool // the last piece ended with a sentence
}

// sentenceMarks are what jambonz takes for an end of a sentence, and the ellipsis.
const sentenceMarks = ".!?…"

// join is what to append for the next piece.
func (s *sentences) join(piece string) string {
	first, _ := utf8.DecodeRuneInString(piece)
	if !s.ended || !unicode.IsLetter(first) { // 3. and 14 are a number
		s.phrases = downstream.Phrases{}
	}
	last, _ := utf8.DecodeLastRuneInString(piece)
	s.ended = strings.ContainsRune(sentenceMarks, last)
	return s.phrases.Join(piece)
}
