package engine

import (
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"voicerelay/audio"
	"voicerelay/upstream/emulator/voice"
)

// Character is a character of a text, and when it is spoken, from the first sample of its speech on.
type Character struct {
	Text       string
	Start, End time.Duration
}

// Characters are those of a text, all of them and in order. Those of a word share its time evenly, since a voice knows the times
// of words only; what stands behind a word lasts until the next one begins. normalized: the voice spoke numbers as words, which
// share the time of theirs.
func Characters(text string, spoken voice.Spoken, normalized bool) []Character {
	var a aligner
	words := spoken.Words
	for _, field := range fields(text) {
		tokens := voice.Tokens(field, normalized)
		n := min(len(tokens), len(words))
		if n == 0 {
			a.tail += field // it makes a pause, or speech ended before it
			continue
		}
		if !a.placed(field, tokens[:n], words) {
			core := strings.TrimRightFunc(field, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsPunct(r) })
			a.word(core, words[0].Start, words[n-1].End)
			a.tail = field[len(core):]
		}
		words = words[n:]
	}
	a.spread(a.tail, audio.Duration(int64(len(spoken.PCM)), NativeRate))
	return a.all
}

// fields cuts a text into words, each with the space after it. Space before the first is a field too.
func fields(text string) (all []string) {
	start, space := 0, false
	for i, r := range text {
		if space && !unicode.IsSpace(r) {
			all = append(all, text[start:i])
			start = i
		}
		space = unicode.IsSpace(r)
	}
	return append(all, text[start:])
}

// aligner gives characters their times.
type aligner struct {
	all  []Character
	at   time.Duration // up to where there are any
	tail string        // behind the last word
}

// placed takes a field whose tokens stand in it as they are spoken, and reports whether it is one.
func (a *aligner) placed(field string, tokens []voice.Token, words []voice.WordTime) bool {
	at := make([]int, len(tokens))
	from := 0
	for i, t := range tokens {
		found := strings.Index(field[from:], t.Text)
		if found < 0 {
			return false
		}
		at[i] = from + found
		from = at[i] + len(t.Text)
	}
	from = 0
	for i, t := range tokens {
		a.tail += field[from:at[i]]
		a.word(t.Text, words[i].Start, words[i].End)
		from = at[i] + len(t.Text)
	}
	a.tail = field[from:]
	return true
}

// word is a word's characters, after what stood before it.
func (a *aligner) word(text string, start, end time.Duration) {
	a.spread(a.tail, start)
	a.tail, a.at = "", max(a.at, start) // the first may have silence before it
	a.spread(text, end)
}

// spread gives a text's characters the time until an end in equal shares.
func (a *aligner) spread(text string, end time.Duration) {
	count := time.Duration(utf8.RuneCountInString(text))
	start, length := a.at, max(0, end-a.at)
	var i time.Duration
	for _, r := range text {
		a.all = append(a.all, Character{Text: string(r), Start: start + length*i/count, End: start + length*(i+1)/count})
		i++
	}
	if count > 0 {
		a.at = start + length
	}
}
