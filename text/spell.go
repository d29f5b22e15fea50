package text

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"github.com/clipperhouse/uax29/v2/graphemes"
)

const (
	openSpell  = "<spell>"
	closeSpell = "</spell>"
	// maxTag bounds, in bytes, how long an opened angle bracket can hold text back before it is plain text.
	maxTag = 256
)

// tagLen returns the length of the tag that s begins with, in bytes, or 0. It is partial where s ends before
// that can be said. A tag is a name with attributes that have values, so that "a < b", "<3" and "<b and c>" are none.
func tagLen(s []byte) (n int, partial bool) {
	if len(s) == 0 || s[0] != '<' {
		return 0, false
	}
	p := tagParser{s: s[:min(len(s), maxTag)], at: 1}
	if p.parse() {
		return p.at, false
	}
	return 0, p.at >= len(p.s) && len(s) < maxTag
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
	if !p.name() || !p.skip('=') || p.at == len(p.s) {
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
	for p.skip(' ') || p.skip('\n') || p.skip('\t') {
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

// tagged tells where in s tags and spell regions are, in order: it calls yield with the text between them too.
// A region that opens before s begins is said by inSpell; one that s leaves open ends with it.
func tagged(s string, inSpell bool, yield func(from, to int, kind stretch)) {
	plain, at := 0, 0
	if inSpell {
		at = spellBody(s, 0, yield)
		plain = at
	}
	for at < len(s) {
		open := strings.IndexByte(s[at:], '<')
		if open < 0 {
			break
		}
		at += open
		n, _ := tagLen([]byte(s[at:min(len(s), at+maxTag)]))
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

// stretch says what a part of a text is.
type stretch int

const (
	plainText stretch = iota
	tagText
	spellText
)

// spellBody yields the letters from at on and their closing tag, and returns where that ends.
func spellBody(s string, at int, yield func(from, to int, kind stretch)) int {
	n := strings.Index(s[at:], closeSpell)
	if n < 0 {
		yield(at, len(s), spellText)
		return len(s)
	}
	yield(at, at+n, spellText)
	yield(at+n, at+n+len(closeSpell), tagText)
	return at + n + len(closeSpell)
}

// letters calls yield for each grapheme cluster of a region's letters that isn't whitespace.
func letters(s string, yield func(from, to int)) {
	clusters := graphemes.FromString(s)
	for clusters.Next() {
		if strings.TrimSpace(clusters.Value()) != "" {
			yield(clusters.Start(), clusters.End())
		}
	}
}

// Speakable reports whether s has a letter or digit of any script outside of tags.
func Speakable(s string) bool {
	found := false
	tagged(s, false, func(from, to int, kind stretch) {
		found = found || kind != tagText && strings.IndexFunc(s[from:to], isSpeakable) >= 0
	})
	return found
}

// apartWidth is the number of code points of letters written apart, with a space around each.
func apartWidth(s string) int {
	width := 0
	letters(s, func(from, to int) { width += utf8.RuneCountInString(s[from:to]) + 1 })
	return width + 1
}
