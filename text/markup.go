package text

import (
	"bytes"
	"unicode"
	"unicode/utf8"
)

// seek puts the head at a byte of the text. A place within a tag moves after it, one within a spell region stays there.
func (s *scanner) seek(to int) {
	text, at, inSpell := s.b.text, 0, false
	for at < to && !inSpell {
		next := bytes.IndexAny(text[at:to], "<[")
		if next < 0 {
			break
		}
		n, _ := tagLen(text[at+next:], before(text, at+next))
		at += next + max(n, 1)
		if n == 0 {
			continue
		}
		if string(text[at-n:at]) == openSpell {
			end := bytes.Index(text[at:], []byte(closeSpell))
			if inSpell = end < 0 || to < at+end; !inSpell {
				at += end + len(closeSpell)
			}
		}
		to = max(to, at)
	}
	s.head = place{byte: to, char: utf8.RuneCount(text[:to])}
	s.word, s.blank = to, s.head
	s.open, s.inside, s.searched = inSpell, to, to
}

// hold waits for the end of a tag or region. A flush mark after its start means that what precedes it is spoken
// now; the mark itself holds at the region's end.
func (s *scanner) hold() bool {
	if s.marks < len(s.b.marks) {
		s.stopHere()
	}
	return false
}

// tag takes a tag of n bytes.
func (s *scanner) tag(n int) {
	s.leadingEdge()
	from, at := s.head, s.head.byte
	if string(s.b.text[at:at+n]) == openSpell {
		s.open, s.inside, s.searched = true, at+n, at+n
		return
	}
	s.head.byte += n
	chars := utf8.RuneCount(s.b.text[at : at+n])
	s.head.char += chars
	out := s.strip && !knows(s.known, s.b.text[at:at+n])
	if out {
		s.stripped = true
		s.head.width++ // a space may stand for it
	} else {
		s.head.width += chars
	}
	s.atoms = append(s.atoms, atom{from: from, to: s.head, out: out})
	s.edge = true
	s.follow('>')
}

// leadingEdge notes the cut before a tag.
func (s *scanner) leadingEdge() {
	if unicode.IsSpace(s.prev) {
		return
	}
	kind := spaced
	if s.hard {
		kind = max(kind, s.pending)
	}
	if !joins(s.prev, '<') {
		s.breakAt(s.head, kind)
	}
}

// region takes the spell region at the head, once it is closed.
func (s *scanner) region() bool {
	text := s.b.text
	outside := bytes.Index(text[s.searched:], []byte(closeSpell))
	end := len(text)
	switch {
	case outside >= 0:
		outside += s.searched
		end = outside + len(closeSpell)
	case s.b.finished:
		outside = end
	default:
		s.searched = max(s.inside, len(text)-len(closeSpell)+1)
		return s.hold()
	}
	from, body := s.head, text[s.inside:outside]
	s.head.char += utf8.RuneCount(text[s.head.byte:end])
	s.head.byte = end
	s.head.spoken += countSpeakable(body)
	if s.spell {
		s.head.width += len(openSpell) + utf8.RuneCount(body) + len(closeSpell)
	} else {
		s.head.width += apartWidth(string(body))
	}
	s.atoms = append(s.atoms, atom{from: from, to: s.head, spell: true, inside: s.inside, outside: outside})
	s.disarm()
	s.follow('>')
	s.open, s.edge, s.word, s.first = false, true, end, false
	return true
}

// trailingEdge notes the cut after a tag, which had to wait for the character there.
func (s *scanner) trailingEdge(r rune) {
	if s.edge && !joins('>', r) {
		s.breakAt(s.head, spaced)
	}
	s.edge = false
}
