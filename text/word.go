package text

import (
	"strings"
	"unicode/utf8"
)

// Token is a word of the client's own text: a Unicode word with the symbols attached to it. A number, date, amount, address
// of a site or a mailbox is one token, and so is each letter within <spell>. Punctuation around it is no part of it.
type Token struct {
	Text       string
	Start, End int // in the client's whole text
}

// Tokens returns the piece's words with offsets in the client's whole text.
func (p Piece) Tokens() []Token {
	if p.source == "" {
		return Tokens(p.Text, p.Start)
	}
	return tokens(p.source, p.Start, p.inSpell)
}

// Tokens returns the words of s, which begins at the code point start of the client's text.
func Tokens(s string, start int) []Token { return tokens(s, start, false) }

func tokens(s string, start int, inSpell bool) []Token {
	out := collector{s: s, char: start}
	tagged(s, inSpell, func(from, to int, kind stretch) {
		switch kind {
		case spellText:
			letters(s[from:to], func(a, b int) {
				if hasSpeakable(s[from+a : from+b]) {
					out.add(from+a, from+b)
				}
			})
		case plainText:
			out.plain(from, to)
		}
	})
	return out.tokens
}

// A collector gathers tokens in order and counts code points on the way.
type collector struct {
	s      string
	tokens []Token

	at, char int // a byte of s, and the code point of the client's text there
}

func (c *collector) add(from, to int) {
	start := c.char + utf8.RuneCountInString(c.s[c.at:from])
	end := start + utf8.RuneCountInString(c.s[from:to])
	c.tokens = append(c.tokens, Token{Text: c.s[from:to], Start: start, End: end})
	c.at, c.char = to, end
}

// plain adds the words of text without tags. Addresses are found first, since their punctuation is not around them.
func (c *collector) plain(from, to int) {
	for from < to {
		a, b := nextAddress(c.s[from:to])
		c.words(from, from+a)
		if b > a {
			c.add(from+a, from+b)
		}
		from += b
	}
}

func (c *collector) words(from, to int) {
	if from == to {
		return
	}
	j := joiner{segments: split(c.s[from:to])}
	for j.next() {
		a, b := from+j.segments[j.from].from, from+j.segments[j.to-1].to
		// To Unicode an underscore is part of a word, to a client who writes _so_ it is around it.
		a += len(c.s[a:b]) - len(strings.TrimLeft(c.s[a:b], "_"))
		c.add(a, a+len(strings.TrimRight(c.s[a:b], "_")))
	}
}
