package engine

import (
	"strings"
	"testing"

	"voicerelay/upstream/emulator/voice"
)

func TestCharactersAreAllOfTheTextInOrder(t *testing.T) {
	for name, text := range map[string]string{
		"plain":       "Hello there, how are you?",
		"numbers":     "It costs 1,250 or 3.14, you know.",
		"one word":    "Yes",
		"no word":     " … ",
		"nothing":     "",
		"space first": "  Hello.",
		"hyphens":     "A well-known fact—really.",
		"ideographs":  "好的。我知道了。",
		"tags":        `Wait <break time="1s"/> here.`,
	} {
		for _, normalized := range []bool{true, false} {
			spoken := voice.SpeakTokens(voice.Tokens(text, normalized), 1, NativeRate, 1)
			var told strings.Builder
			at := Character{}
			for _, c := range Characters(text, spoken, normalized) {
				if c.Start < at.End || c.End < c.Start {
					t.Errorf("%s: %q from %v to %v after one that ends at %v", name, c.Text, c.Start, c.End, at.End)
				}
				at = c
				told.WriteString(c.Text)
			}
			if told.String() != text {
				t.Errorf("%s: got %q, want %q", name, told.String(), text)
			}
		}
	}
}

// A word's first character begins with it, and its last ends with it.
func TestCharactersStandWhereTheirWordsAre(t *testing.T) {
	const text = "A well-known fact, 好的 indeed."
	spoken := voice.SpeakTokens(voice.Tokens(text, true), 1, NativeRate, 1)
	all := Characters(text, spoken, true)
	for _, w := range spoken.Words {
		for len(all) > 0 && all[0].Start != w.Start {
			all = all[1:]
		}
		letters := len([]rune(w.Text))
		if len(all) < letters || all[0].Text != string([]rune(w.Text)[0]) || all[letters-1].End != w.End {
			t.Fatalf("%s has no characters from %v to %v: %v", w.Text, w.Start, w.End, all)
		}
	}
}

// Where speech ends before its text, so do the times.
func TestCharactersEndWithTheSpeech(t *testing.T) {
	spoken := CutShort(voice.Speak("One two three.", 1, NativeRate, 1), Fault{})
	all := Characters("One two three.", spoken, true)
	if last := all[len(all)-1]; len(all) != 14 || last.End > leastWrong {
		t.Errorf("got %d characters up to %v, want 14 up to %v", len(all), last.End, leastWrong)
	}
}
