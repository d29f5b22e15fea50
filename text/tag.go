package text

import (
	"bytes"
	"slices"
	"strings"
)

const (
	// maxTag and maxAudioTag bound, in bytes, how long an open bracket can hold text back before it is plain text. Phonemes
	// of a whole sentence fit into the first.
	maxTag      = 4096
	maxAudioTag = 64
	// leastAudioTag is the shortest word in square brackets that is a tag: "[x]" and "[ok]" are of a list.
	leastAudioTag = 3
	// mostAudioWords is how many words it may have: "[in a strong French accent]".
	mostAudioWords = 5
)

// AudioTags stands for all tags in square brackets among those that a vendor knows.
const AudioTags = "[]"

// TagLength is how many bytes the tag has that s begins with; 0: it begins with none, or with one that is not whole.
func TagLength(s []byte) int {
	n, _ := tagLen(s, 0)
	return n
}

// tagLen returns the length of the tag that s begins with, in bytes, or 0. It is partial where s ends before
// that can be said; last: the character before s, 0 at a text's start. There are two kinds:
//
//   - in angle brackets, a name with attributes that have values: "a < b", "<3" and "<b and c>" are none;
//   - in square brackets, words of Latin letters that begin with a small one: "[1]", "[x]", "[Note]", "a[index]" and
//     "[a link](address)" are none.
func tagLen(s []byte, last byte) (n int, partial bool) {
	switch {
	case len(s) == 0:
		return 0, false
	case s[0] == '[':
		return audioTagLen(s, last)
	case s[0] != '<':
		return 0, false
	}
	p := tagParser{s: s[:min(len(s), maxTag)], at: 1}
	if p.parse() {
		return p.at, false
	}
	return 0, p.at >= len(p.s) && len(s) < maxTag
}

// audioTagLen is tagLen of what begins with a square bracket.
func audioTagLen(s []byte, last byte) (n int, partial bool) {
	if isASCIIAlphanumericOr(last, "]!\\_") {
		return 0, false
	}
	s = s[:min(len(s), maxAudioTag)]
	letters, words := 0, 1
	for i := 1; i < len(s); i++ {
		switch c := s[i]; {
		case c >= 'a' && c <= 'z', letters > 0 && (c >= 'A' && c <= 'Z' || c == '-' || c == '\''):
			letters++
		case c == ' ' && letters > 0 && s[i-1] != ' ' && words < mostAudioWords:
			words++
		case c == ']' && letters >= leastAudioTag && s[i-1] != ' ':
			if i+1 == len(s) {
				return i + 1, len(s) < maxAudioTag // a link's address may follow
			}
			if isASCIIAlphanumericOr(s[i+1], "([:_") {
				return 0, false
			}
			return i + 1, false
		default:
			return 0, false
		}
	}
	return 0, len(s) < maxAudioTag
}

// tagParser reads one tag. Where a method returns false at the end of s, more text could make it true.
type tagParser struct {
	s  []byte
	at int
}

func (p *tagParser) parse() bool {
	p.skip('/')
	if !p.name() {
		return false
	}
	for {
		spaces := p.spaces()
		if p.skip('>') {
			return true
		}
		if p.skip('/') {
			return p.skip('>')
		}
		if spaces == 0 || !p.attribute() {
			return false
		}
	}
}

func (p *tagParser) attribute() bool {
	if !p.name() {
		return false
	}
	p.spaces()
	if !p.skip('=') {
		return false
	}
	p.spaces()
	if p.at == len(p.s) {
		return false
	}
	quote := p.s[p.at]
	if quote != '"' && quote != '\'' {
		return p.value()
	}
	end := bytes.IndexByte(p.s[p.at+1:], quote)
	if end < 0 {
		p.at = len(p.s)
		return false
	}
	p.at += end + 2
	return true
}

func (p *tagParser) name() bool {
	from := p.at
	for p.at < len(p.s) && isTagName(p.s[p.at], p.at == from) {
		p.at++
	}
	return p.at > from
}

// value is an attribute's value without quotes.
func (p *tagParser) value() bool {
	from := p.at
	for p.at < len(p.s) && isTagName(p.s[p.at], false) {
		p.at++
	}
	return p.at > from
}

func isTagName(c byte, first bool) bool {
	letter := 'a' <= c|0x20 && c|0x20 <= 'z'
	return letter || !first && ('0' <= c && c <= '9' || c == '-' || c == '_' || c == ':' || c == '.' || c == '%')
}

func (p *tagParser) spaces() int {
	from := p.at
	for p.skip(' ') || p.skip('\n') || p.skip('\t') || p.skip('\r') {
	}
	return p.at - from
}

func (p *tagParser) skip(c byte) bool {
	if p.at < len(p.s) && p.s[p.at] == c {
		p.at++
		return true
	}
	return false
}

// knows reports whether a tag is among those that are known, by their names.
func knows(known []string, tag []byte) bool {
	if tag[0] == '[' {
		return slices.Contains(known, AudioTags) || slices.Contains(known, string(tag))
	}
	name := bytes.TrimLeft(tag, "</")
	end := 0
	for end < len(name) && isTagName(name[end], end == 0) {
		end++
	}
	return slices.Contains(known, strings.ToLower(string(name[:end])))
}

// tagged tells where in s tags and spell regions are, in order: it calls yield with the text between them too.
// A region that opens before s begins is said by inSpell; one that s leaves open ends with it.
func tagged(s string, inSpell bool, yield func(from, to int, kind stretch)) {
	plain, at := 0, 0
	if inSpell {
		at = spellBody(s, 0, yield)
		plain = at
	}
	for at < len(s) {
		open := strings.IndexAny(s[at:], "<[")
		if open < 0 {
			break
		}
		at += open
		n, _ := tagLen([]byte(s[at:min(len(s), at+maxTag)]), before(s, at))
		if n == 0 {
			at++
			continue
		}
		yield(plain, at, plainText)
		yield(at, at+n, tagText)
		at += n
		if s[at-n:at] == openSpell {
			at = spellBody(s, at, yield)
		}
		plain = at
	}
	yield(plain, len(s), plainText)
}

// before is the byte of s before i, or 0.
func before[T string | []byte](s T, i int) byte {
	if i == 0 {
		return 0
	}
	return s[i-1]
}
