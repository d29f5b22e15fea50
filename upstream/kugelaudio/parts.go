package kugelaudio

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// parts are a stream's pieces, and how far the vendor has come with them. It cuts the text of a context into chunks as it
// likes, and says of each what its text is: so letters, which it leaves as they are, tell where a piece ends. Where a chunk
// is not what was sent, or nothing is said of it, only flushes tell.
type parts struct {
	owed    []part // ordered and not ended, in order
	flushes []int  // that are not answered: the last piece before each
	covered int    // pieces of lower ids stand before the latest flush
	sent    int    // letters of all pieces
	begun   int    // letters that chunks have begun with
	pending string // the text after those
	blind   bool   // what the vendor says of its chunks does not tell
}

// part is a piece.
type part struct {
	id  int
	end int // letters of the text up to its end
}

// add notes a piece.
func (p *parts) add(id int, text string) {
	p.sent += countLetters(text)
	p.pending += text
	p.owed = append(p.owed, part{id: id, end: p.sent})
}

// flush notes that a flush goes out after the last piece.
func (p *parts) flush() {
	last := p.owed[len(p.owed)-1].id
	p.flushes = append(p.flushes, last)
	p.covered = last + 1
}

// unflushed reports whether a piece follows all flushes.
func (p *parts) unflushed() bool { return len(p.owed) > 0 && p.owed[len(p.owed)-1].id >= p.covered }

// unbegun is how many pieces follow all flushes and have not been begun by the vendor; idle: nor is it at one of them.
func (p *parts) unbegun(idle bool) (n int) {
	for i, piece := range slices.Backward(p.owed) {
		begun := p.begun > 0 && (i == 0 || p.begun > p.owed[i-1].end)
		if piece.id < p.covered || piece.end <= p.begun || begun && !idle {
			break
		}
		n++
	}
	return n
}

// final takes the answer to the oldest flush, and returns how many pieces it ends.
func (p *parts) final() (n int) {
	if len(p.flushes) == 0 {
		return 0 // that before context_closed may be of no flush
	}
	last := p.flushes[0]
	p.flushes = p.flushes[1:]
	for n < len(p.owed) && p.owed[n].id <= last {
		n++
	}
	return n
}

// through is how many pieces are spoken by so many letters, which chunks have had. One with a flush after it is not before
// that is answered. Where the last of the letters are of a piece that goes on, what was heard can't be told apart: the
// pieces end together with that one.
func (p *parts) through(letters int) (n int) {
	for n < len(p.owed) && p.owed[n].end <= letters && !slices.Contains(p.flushes, p.owed[n].id) {
		n++
	}
	if n > 0 && p.owed[n-1].end < letters {
		return 0
	}
	return n
}

// end takes out the first n pieces, and returns the last of them.
func (p *parts) end(n int) (last int) {
	last = p.owed[n-1].id
	p.owed = p.owed[n:]
	return last
}

// begin notes that a chunk of that text begins, and returns the letters before it and up to its end, and the pieces that
// it is of.
func (p *parts) begin(text string) (from, end int, of []part) {
	from = p.begun
	rest, n, ok := cutLetters(p.pending, text)
	if !ok || n == 0 {
		p.blind = true
		return from, from, nil
	}
	p.pending = strings.TrimLeftFunc(rest, func(r rune) bool { return r != '<' && !spoken(r) })
	p.begun += n
	for _, piece := range p.owed {
		if piece.end > from {
			of = append(of, piece)
		}
		if piece.end >= p.begun {
			break
		}
	}
	return from, p.begun, of
}

// confirmed reports whether the vendor has a sentence whose end is sure, since more text follows it.
func (p *parts) confirmed() bool {
	for i, r := range p.pending {
		rest := p.pending[i+utf8.RuneLen(r):]
		if strings.ContainsRune(".!?", r) && strings.HasPrefix(rest, " ") && countLetters(rest) > 0 {
			return true
		}
	}
	return false
}

// cutLetters cuts the letters of a text off the front of another that begins with them. Case, tags, and what is neither
// letter nor digit do not count.
func cutLetters(from, text string) (rest string, n int, ok bool) {
	for {
		want, next := nextLetter(text)
		if want == 0 {
			return from, n, true
		}
		got, left := nextLetter(from)
		if got != want {
			return from, n, false
		}
		text, from = next, left
		n++
	}
}

// nextLetter is the first letter or digit of a text, in lower case, and what follows it; 0: there is none.
func nextLetter(text string) (r rune, rest string) {
	for text != "" {
		if tag := tagLength(text); tag > 0 {
			text = text[tag:]
			continue
		}
		r, size := utf8.DecodeRuneInString(text)
		text = text[size:]
		if spoken(r) {
			return unicode.ToLower(r), text
		}
	}
	return 0, ""
}

func spoken(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }

// tagLength is the length of the tag that a text begins with, or 0.
func tagLength(text string) int {
	if !strings.HasPrefix(text, "<") {
		return 0
	}
	return strings.IndexByte(text, '>') + 1
}

func countLetters(text string) (n int) {
	for r, rest := nextLetter(text); r != 0; r, rest = nextLetter(rest) {
		n++
	}
	return n
}
