package downstream

import (
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"voicerelay/text"
)

// Transcript is a generation's text as its client has sent it so far. The engine tells words without the punctuation around
// them; clients look for words as they wrote them, which is what Written gives. The zero value is empty.
type Transcript struct {
	mu   sync.Mutex // guards what follows
	text strings.Builder
	from int   // where the last word asked for begins
	at   place // where it ends, with what belongs to it
}

// place is an offset, in both measures.
type place struct{ char, byte int }

// Append adds text: just what the generation gets. It is called before the generation gets it.
func (t *Transcript) Append(text string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.text.WriteString(strings.ToValidUTF8(text, "\uFFFD"))
}

// Blank reports whether there is nothing but space so far.
func (t *Transcript) Blank() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return strings.TrimSpace(t.text.String()) == ""
}

// Written is the word from one code point to another with the punctuation that stands at it, without the space around it. What
// stands between two words without a space belongs to the first one. Words are asked for in order; each call but those for words
// that come again costs what lies between.
func (t *Transcript) Written(from, to int) string {
	t.mu.Lock()
	defer t.mu.Unlock()
	all := t.text.String()
	if from < t.from {
		t.at = place{}
	}
	word := t.at.seek(all, from)
	start := t.at.byte + trimStart(all[t.at.byte:word.byte])
	end := word.seek(all, to)
	end = end.seek(all, end.char+belongs(all[word.byte:], end.byte-word.byte))
	t.from, t.at = from, end
	return all[start:end.byte]
}

// seek is the place of a later code point; the end of the text where that is shorter.
func (p place) seek(text string, char int) place {
	for p.char < char && p.byte < len(text) {
		_, n := utf8.DecodeRuneInString(text[p.byte:])
		p.char, p.byte = p.char+1, p.byte+n
	}
	return p
}

// trimStart is where in the text before a word its punctuation begins: behind the last space, word or tag.
func trimStart(before string) int {
	for i := len(before); i > 0; {
		r, n := utf8.DecodeLastRuneInString(before[:i])
		if !attaches(r) || r == '>' {
			return i
		}
		i -= n
	}
	return 0
}

// belongs is how many characters behind a word of so many bytes, which a text begins with, belong to it: up to the next space or tag,
// or to the next word with its signs.
func belongs(of string, word int) int {
	end, joined := len(of), false
	for i, r := range of[word:] {
		if unicode.IsSpace(r) || r == '<' {
			end = word + i
			break
		}
		joined = joined || !attaches(r)
	}
	behind := utf8.RuneCountInString(of[word:end])
	if !joined {
		return behind
	}
	length := utf8.RuneCountInString(of[:word])
	for _, token := range text.Tokens(of[:end], 0) {
		if token.Start >= length {
			return token.Start - length
		}
	}
	return behind
}

// attaches reports whether a character is written at a word: neither space nor part of a word itself.
func attaches(r rune) bool {
	return !unicode.IsSpace(r) && !unicode.IsLetter(r) && !unicode.IsDigit(r)
}
