package text

import "unicode"

// A scanner reads a Buffer once, from front to back, and finds the places where it may be cut. It stops before
// what it can't judge yet: an unclosed spell region or tag, an abbreviation with nothing after it.
type scanner struct {
	b     *Buffer
	spell bool     // the vendor knows <spell>
	strip bool     // tags are left out but for those that are known
	known []string // by their names

	head  place // all before it is judged
	marks int   // flush marks that the head has passed

	places // found by the head

	// What the judgment of the next character depends on.
	prev    rune     // the character before the head; a space at the start and after a mark
	base    rune     // prev, without the marks on it
	word    int      // byte where the word at the head begins
	first   bool     // that word is the first of its line
	pending strength // what whitespace here would make of the head; glued: nothing
	hard    bool     // pending needs no whitespace
	dotted  dotted   // what else the full stop that made pending may be
	sign    rune     // what made pending, if it is a single character: one that may stand within a word
	left    rune     // the character before sign
	edge    bool     // a tag ends at the head
	blank   place    // where the run of whitespace at the head began
	joined  bool     // it begins within a grapheme cluster
	lines   int      // newlines in that run

	stripped bool // a tag has been left out

	open     bool // the head stands at a spell region's start
	inside   int  // where that region's letters begin, in bytes
	searched int  // no closing tag begins before it
}

// stopHere has all before the head spoken now.
func (s *scanner) stopHere() {
	if n := len(s.stops); n == 0 || s.stops[n-1].byte < s.head.byte {
		s.stops = append(s.stops, s.head)
	}
}

// disarm takes it back that the head may be an end.
func (s *scanner) disarm() { s.pending, s.hard, s.dotted = glued, false, endsSentence }

// follow makes r the character before the head.
func (s *scanner) follow(r rune) {
	s.prev = r
	if !unicode.In(r, unicode.M, unicode.Cf) {
		s.base = r
	}
}

// advance moves the head past r, which has n bytes.
func (s *scanner) advance(r rune, n int) {
	s.head.byte += n
	s.head.char++
	s.head.width++
	if isSpeakable(r) {
		s.head.spoken++
	}
}
