package elevenlabs

import (
	"sync"
	"unicode"
	"unicode/utf8"

	"voicerelay/text"
)

// transcript is the text of a context that its client was not told the times of yet: the engine times words, and leaves out what
// is around them, which a client's own text must have.
type transcript struct {
	mu   sync.Mutex // guards what follows
	rest []byte
	at   int // code points of the text before rest
}

// add appends text. It is called before the engine has it, so that no word is timed which is not here.
func (t *transcript) add(s string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.rest = append(t.rest, s...)
}

// retract takes back what was added last, since the engine refused it.
func (t *transcript) retract(s string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.rest = t.rest[:max(0, len(t.rest)-len(s))]
}

// written is a word with what is written around it.
type written struct {
	before string // quotes and the like, and what has no words, such as a dash that stands alone
	word   string // as the client wrote it, with the punctuation behind it
	after  string // a space; empty: the next word follows without one
}

// take is the word from one code point of the text to another, which must come in the order of the text. One that was taken
// before is left out: ok is false.
func (t *transcript) take(start, end int) (w written, ok bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if start < t.at || end <= start {
		return written{}, false
	}
	w.before = tidy(t.advance(start - t.at))
	word := t.advance(end - start)
	word = append(word[:len(word):len(word)], t.punctuation()...)
	w.word = string(word)
	if next, size := utf8.DecodeRune(t.rest); size == 0 || !joins(next) {
		w.after = " "
	}
	return w, len(word) > 0
}

// advance takes so many code points off the rest.
func (t *transcript) advance(chars int) []byte {
	n := 0
	for ; chars > 0 && n < len(t.rest); chars-- {
		_, size := utf8.DecodeRune(t.rest[n:])
		n += size
		t.at++
	}
	taken := t.rest[:n]
	t.rest = t.rest[n:]
	return taken
}

// punctuation takes off what follows a word up to the next space, tag or word.
func (t *transcript) punctuation() []byte {
	chars, n := 0, 0
	for n < len(t.rest) {
		r, size := utf8.DecodeRune(t.rest[n:])
		if unicode.IsSpace(r) || joins(r) || text.TagLength(t.rest[n:]) > 0 {
			break
		}
		chars++
		n += size
	}
	return t.advance(chars)
}

// joins reports whether a character right behind a word begins the next one.
func joins(r rune) bool { return unicode.IsLetter(r) || unicode.IsNumber(r) || unicode.IsMark(r) }

// tidy is what stands between two words: without tags, which are not spoken, without space at its beginning, where the word before
// has one already, and with one space where there are several.
func tidy(between []byte) string {
	var kept []byte
	space := true
	for len(between) > 0 {
		if n := text.TagLength(between); n > 0 {
			between = between[n:]
			continue
		}
		r, size := utf8.DecodeRune(between)
		switch {
		case !unicode.IsSpace(r):
			kept, space = append(kept, between[:size]...), false
		case !space:
			kept, space = append(kept, ' '), true
		}
		between = between[size:]
	}
	return string(kept)
}
