package zeligate

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"voicerelay/upstream/emulator/engine"
)

// text is text that waits to be spoken. It cuts at sentence ends; where none comes, as the schedule says.
// The docs have both: the schedule, and a cut at sentence ends, so that speech begins after a short first sentence.
type text struct {
	schedule []int // characters to wait for at each step; the last repeats
	minimum  int   // characters that a trigger needs
	step     int   // of the schedule
	waiting  string
	trigger  bool // the next boundary is enough
}

// add appends a text and returns what is to be spoken now.
func (t *text) add(text string) (chunks []string) {
	t.waiting += text
	for {
		chunk := t.cut()
		if chunk == "" {
			return chunks
		}
		t.waiting = t.waiting[len(chunk):]
		if chunk = strings.TrimSpace(chunk); chunk != "" {
			chunks = append(chunks, chunk)
			t.step++
			t.trigger = false
		}
	}
}

// flush returns everything that waits.
func (t *text) flush() string {
	chunk := strings.TrimSpace(t.waiting)
	t.waiting, t.trigger = "", false
	if chunk != "" {
		t.step++
	}
	return chunk
}

// cut is the beginning of what waits that is to be spoken now; empty: none.
// A trigger speaks at the next boundary. That it needs some text is known of ElevenLabs alone, where a maintainer has said 50
// characters.
func (t *text) cut() string {
	if end := sentenceEnd(t.waiting); end > 0 {
		return t.waiting[:end]
	}
	characters := utf8.RuneCountInString(strings.TrimSpace(t.waiting))
	due := t.schedule[min(t.step, len(t.schedule)-1)]
	if characters >= due || t.trigger && characters >= t.minimum {
		return t.waiting[:engine.LastBoundary(t.waiting)]
	}
	return ""
}

// sentenceEnd is the length of the first sentence whose end is sure: where a full stop may belong to a number or an
// abbreviation, white space has to follow. 0: there is none.
func sentenceEnd(text string) int {
	for i, r := range text {
		end := i + utf8.RuneLen(r)
		switch {
		case strings.ContainsRune("。！？", r):
			return end
		case strings.ContainsRune(".!?…۔؟।", r):
			if next, _ := utf8.DecodeRuneInString(text[end:]); end < len(text) && unicode.IsSpace(next) {
				return end
			}
		}
	}
	return 0
}
