package text

import (
	"bytes"
	"unicode"
	"unicode/utf8"
)

// newScanner is one whose head stands at the code point start.
func newScanner(b *Buffer, start int, spell bool) scanner {
	s := scanner{b: b, spell: spell, prev: ' ', base: ' ', first: true}
	s.seek(b.index.byteOf(b.text, start))
	for s.marks < len(b.marks) && b.marks[s.marks] <= s.head.byte {
		s.marks++
	}
	return s
}

// run judges all that can be judged.
func (s *scanner) run() {
	for s.step() {
	}
}

func (s *scanner) step() bool {
	if s.marks < len(s.b.marks) && s.b.marks[s.marks] <= s.head.byte {
		s.passMark()
		return true
	}
	if s.open {
		return s.region()
	}
	if s.head.byte == len(s.b.text) {
		return false
	}
	r, n := utf8.DecodeRune(s.b.text[s.head.byte:])
	if r == '<' || r == '[' {
		tag, partial := tagLen(s.b.text[s.head.byte:], before(s.b.text, s.head.byte))
		if partial && !s.b.finished {
			return s.hold()
		}
		if tag > 0 {
			s.tag(tag)
			return true
		}
	}
	if unicode.IsSpace(r) {
		return s.space(r, n)
	}
	s.character(r, n)
	return true
}

// passMark notes a flush mark at the head, or one that lay within the tag or region before it.
func (s *scanner) passMark() {
	s.marks++
	s.stopHere()
	s.disarm()
	s.word, s.edge = s.head.byte, false
	s.follow(' ')
	s.blank, s.lines, s.joined = s.head, 0, false
}

// space takes a character of whitespace; it returns false where only more text can say what the whitespace is.
func (s *scanner) space(r rune, n int) bool {
	if !unicode.IsSpace(s.prev) {
		kind, known := s.judge()
		if !known {
			return false
		}
		s.blank, s.lines, s.first, s.joined = s.head, 0, false, joins(s.prev, r)
		s.blankBreak(kind)
	}
	if isNewline(r) {
		s.lines++
		s.first = true
		s.blankBreak(min(clause+strength(s.lines-1), sentence))
	}
	s.disarm()
	s.edge = false
	s.follow(r)
	s.advance(r, n)
	s.word = s.head.byte
	return true
}

// blankBreak notes the cut before the run of whitespace at the head.
func (s *scanner) blankBreak(kind strength) {
	if !s.joined {
		s.breakAt(s.blank, kind)
	}
}

// judge says how strong a cut is between the head and the whitespace after it.
func (s *scanner) judge() (kind strength, known bool) {
	switch {
	case s.pending == sentence && s.dotted != endsSentence:
		ahead, open := s.ahead()
		on, known := s.dotted.goesOn(ahead, open)
		if on {
			return glued, known
		}
		return sentence, known
	case s.prev == '-' && s.word == s.head.byte-1: // a dash, typed as a hyphen between spaces
		return clause, true
	case s.pending == glued && isPhraseScript(s.prev):
		return clause, true
	}
	return max(s.pending, spaced), true
}

// ahead is enough of the text after the head and its whitespace to judge an abbreviation; open: more may come.
func (s *scanner) ahead() (text []byte, open bool) {
	end, open := len(s.b.text), !s.b.finished
	if s.marks < len(s.b.marks) {
		end, open = s.b.marks[s.marks], false
	}
	text = bytes.TrimLeftFunc(s.b.text[s.head.byte:end], unicode.IsSpace)
	return text[:min(len(text), 2*maxAbbreviation)], open
}

// character takes a character that is neither whitespace nor the start of a tag.
func (s *scanner) character(r rune, n int) {
	s.trailingEdge(r)
	kind := signOf(r)
	if s.pending != glued && (kind == letter || kind == opener && s.hard) {
		if s.hard && !s.within(r) && !joins(s.prev, r) {
			s.breakAt(s.head, s.pending)
		}
		s.disarm()
	}
	switch kind {
	case stop:
		s.dotted = s.dottedBy(r)
		s.arm(sentence, r)
	case pause:
		s.dotted = endsSentence
		s.arm(clause, r)
	}
	s.follow(r)
	s.advance(r, n)
}

// arm makes the head the end of a sentence or clause, if what follows agrees.
func (s *scanner) arm(kind strength, r rune) {
	s.left, s.sign = s.base, r
	if s.pending == sentence && s.hard {
		return // nothing after 。 takes its end back
	}
	s.pending, s.hard = kind, !isSoft(r)
}

// within reports whether the sign at the head is part of a word or number that goes on with next.
func (s *scanner) within(next rune) bool { return s.base == s.sign && isWithin(s.left, s.sign, next) }

// dottedBy says what else a stop may be: only a single full stop after a word is anything else.
func (s *scanner) dottedBy(r rune) dotted {
	if r != '.' || s.pending != glued {
		return endsSentence
	}
	word := s.b.text[s.word:s.head.byte]
	kind := dottedWord(word, s.first)
	if kind == endsSentence && mayGoOn(word) {
		return goesOnAtOnce
	}
	return kind
}

// waits reports whether only more text can say what the full stop at the head, after which nothing has come, is.
func (s *scanner) waits() bool {
	switch {
	case s.dotted == endsSentence || s.dotted == alwaysGoesOn:
		return s.dotted == alwaysGoesOn
	case s.base != '.': // a quotation mark or bracket closes after it
		return false
	}
	return !alsoWord(s.b.text[s.word : s.head.byte-1])
}

// tail is the cut at the very end of an open text: kind glued where there is none, soft where it only counts once
// the text has settled.
func (s *scanner) tail() (p place, kind strength, soft bool) {
	switch {
	case s.open, s.pending == glued, len(bytes.TrimSpace(s.b.text[s.head.byte:])) > 0:
		return s.head, glued, false
	case s.hard && !s.within(s.left): // a letter goes on with letters, a digit with digits
		return s.head, s.pending, false
	case s.pending == sentence && !s.waits():
		return s.head, sentence, true
	}
	return s.head, glued, false
}
