package text

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Piece is text for a vendor to speak at once.
type Piece struct {
	Start, End int    // span in the client's text; the spans of a cutter's pieces are contiguous
	Text       string // as the vendor gets it: spell tags kept, or letters apart
	Last       bool   // the text is finished, and nothing speakable follows

	source  string // the client's text from Start to End; empty in a Piece that no Cutter made
	inSpell bool   // source begins within a spell region
	runs    []run  // how Text follows from source, ascending
}

// run is a stretch of Piece.Text that is the client's as it is. What lies between two runs the relay has
// added; what of the client's text no run covers, it has left out.
type run struct {
	at    int // where in Text, in code points
	char  int // where in the client's text
	chars int
}

// A composer writes a piece's Text.
type composer struct {
	out   strings.Builder
	chars int // code points written
	last  rune
	runs  []run
}

// copy writes s, which stands at char in the client's text.
func (c *composer) copy(s string, char int) {
	if s == "" {
		return
	}
	n := utf8.RuneCountInString(s)
	if i := len(c.runs) - 1; i >= 0 && c.runs[i].at+c.runs[i].chars == c.chars && c.runs[i].char+c.runs[i].chars == char {
		c.runs[i].chars += n
	} else {
		c.runs = append(c.runs, run{at: c.chars, char: char, chars: n})
	}
	c.write(s)
}

// write writes s, which the client has not sent.
func (c *composer) write(s string) {
	c.out.WriteString(s)
	c.chars += utf8.RuneCountInString(s)
	c.last, _ = utf8.DecodeLastRuneInString(s)
}

// tagged writes a spell region with both its tags, also those that the client's text lacks.
func (c *composer) tagged(text []byte, a atom) {
	if a.inside == a.from.byte {
		c.write(openSpell)
	}
	c.copy(string(text[a.from.byte:a.to.byte]), a.from.char)
	if a.outside == a.to.byte {
		c.write(closeSpell)
	}
}

// apart writes the letters of a spell region with a space between each two, and before the first.
func (c *composer) apart(text []byte, a atom) {
	body := string(text[a.inside:a.outside])
	char, done := a.from.char+utf8.RuneCount(text[a.from.byte:a.inside]), 0
	letters(body, func(from, to int) {
		if c.chars > 0 && !unicode.IsSpace(c.last) {
			c.write(" ")
		}
		char, done = char+utf8.RuneCountInString(body[done:from]), from
		c.copy(body[from:to], char)
	})
}

// behindLetters writes text that follows the letters of a spell region.
func (c *composer) behindLetters(s string, char int) {
	first, _ := utf8.DecodeRuneInString(s)
	if isSpeakable(first) && isSpeakable(c.last) {
		c.write(" ")
	}
	c.copy(s, char)
}

// behindTag writes text that follows a tag which is left out: what it stood between does not become one word, nor does the
// space on either side become two.
func (c *composer) behindTag(s string, char int) {
	first, n := utf8.DecodeRuneInString(s)
	switch {
	case s == "":
	case c.chars == 0:
		c.copy(s, char)
	case unicode.IsSpace(c.last) && unicode.IsSpace(first):
		c.copy(s[n:], char+1)
	default:
		if !unicode.IsSpace(c.last) && !unicode.In(c.last, unicode.Ps, unicode.Pi) && startsWord(first) {
			c.write(" ")
		}
		c.copy(s, char)
	}
}

// startsWord reports whether a word may begin with r: also one with a sign or an opening bracket before it.
func startsWord(r rune) bool {
	return !unicode.IsSpace(r) && !unicode.In(r, unicode.Pe, unicode.Pf, unicode.Po, unicode.Pd, unicode.M, unicode.Cf)
}
