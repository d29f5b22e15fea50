package elevenlabs

import (
	"strings"
	"unicode/utf8"

	"voicerelay/upstream/emulator/engine"
)

// text is text that waits to be spoken: until there is as much of it as the schedule says.
// By the schema, speech begins with the first number of characters, and later chunks may be longer. auto_mode has no schedule
// and is meant for clients that send whole sentences.
type text struct {
	schedule []int // characters to wait for at each step; the last repeats
	words    int   // to wait for besides
	auto     bool  // nothing waits
	step     int   // of the schedule
	waiting  string
}

// add appends a text and returns what is to be spoken now: whole words, but for auto mode, which takes a text for whole.
func (t *text) add(text string) string {
	t.waiting += text
	if t.auto {
		return t.flush()
	}
	due := t.schedule[min(t.step, len(t.schedule)-1)]
	if utf8.RuneCountInString(strings.TrimSpace(t.waiting)) < due || len(strings.Fields(t.waiting)) < t.words {
		return ""
	}
	end := engine.LastBoundary(t.waiting)
	chunk := t.waiting[:end]
	t.waiting = t.waiting[end:]
	if strings.TrimSpace(chunk) != "" {
		t.step++
	}
	return chunk
}

// flush returns everything that waits.
func (t *text) flush() string {
	chunk := t.waiting
	t.waiting = ""
	return chunk
}
