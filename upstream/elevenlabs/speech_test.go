package elevenlabs

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"voicerelay/upstream"
)

// letters is an alignment of a text, 20 ms a character, from start on.
func letters(text string, start float64) *alignment {
	a := &alignment{}
	for i, r := range []rune(text) {
		a.Chars = append(a.Chars, string(r))
		a.Starts = append(a.Starts, start+float64(20*i))
		a.Lengths = append(a.Lengths, 20)
	}
	return a
}

func ms(n int) time.Duration { return time.Duration(n) * time.Millisecond }

// printed are words as text@start-end, in milliseconds.
func printed(words []upstream.Word) string {
	var all []string
	for _, w := range words {
		all = append(all, fmt.Sprintf("%s@%d-%d", w.Text, w.Start.Milliseconds(), w.End.Milliseconds()))
	}
	return strings.Join(all, " ")
}

func TestSegmentsAreToldApart(t *testing.T) {
	type told struct {
		text   string
		start  float64
		at     int // the frame's audio, in ms
		silent bool
	}
	for name, c := range map[string]struct {
		frames []told
		want   string
	}{
		"a segment in one frame":          {[]told{{text: "Hi you.", start: 0}}, "Hi@0-40 you@60-120"},
		"leading spaces":                  {[]told{{text: " Hi", start: 0}}, "Hi@20-60"},
		"a segment after silence":         {[]told{{text: "Hi ", start: 0}, {text: "you ", start: 0, at: 500}}, "Hi@0-40 you@500-560"},
		"a segment in two frames":         {[]told{{text: "Hi ", start: 0}, {text: "you ", start: 60, at: 60}}, "Hi@0-40 you@60-120"},
		"one that goes on after a pause":  {[]told{{text: "Hi ", start: 0}, {text: "you ", start: 400, at: 100}}, "Hi@0-40 you@400-460"},
		"one that begins after a pause":   {[]told{{text: "Hi ", start: 0}, {text: "you ", start: 70, at: 900}}, "Hi@0-40 you@970-1030"},
		"a word over two frames":          {[]told{{text: "Hel", start: 0}, {text: "lo ", start: 0, at: 60}}, "Hello@0-100"},
		"frames without audio":            {[]told{{text: "Hi ", silent: true}, {text: "you ", silent: true}}, "Hi@0-40 you@60-120"},
		"a script without spaces":         {[]told{{text: "你好", start: 0}, {text: "吗。", start: 0, at: 40}}, "你@0-20 好@20-40 吗@40-60"},
		"nothing but signs":               {[]told{{text: "... ", start: 0}}, ""},
		"times of a day and more, and -1": {[]told{{text: "a", start: 1e300}, {text: " b", start: -1, at: 7}}, "a@86400000-86400020 b@26-46"},
	} {
		t.Run(name, func(t *testing.T) {
			s, words := &speech{}, []upstream.Word(nil)
			for _, f := range c.frames {
				words = append(words, s.add(letters(f.text, f.start), ms(f.at), !f.silent)...)
			}
			if got := printed(append(words, s.rest()...)); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

// A word that by the text doesn't go on is told with its last character: a voice may break off right after it.
func TestWordIsToldWithItsLastCharacter(t *testing.T) {
	for name, c := range map[string]struct{ text, told, want string }{
		"before a full stop":         {"One two three. Four five.", "One two three", "One@0-60 two@80-140 three@160-260"},
		"with the full stop":         {"One two three. Four five.", "One two three.", "One@0-60 two@80-140 three@160-260"},
		"within a word":              {"One two threefold.", "One two three", "One@0-60 two@80-140"},
		"within a number":            {"It is 3.14 now.", "It is 3.", "It@0-40 is@60-100"},
		"before an apostrophe":       {"We don't know.", "We don", "We@0-40"},
		"a space that was not there": {"One two.", " One", "One@20-80"},
		"at the text's end":          {"One two", "One two", "One@0-60 two@80-140"},
		"of another text":            {"1 2.", "one two", "one@0-60"},
		"before a sign of the next":  {"One $5.", "One $", "One@0-60"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSpeech(c.text, false)
			if got := printed(s.add(letters(c.told, 0), 0, true)); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
	s := newSpeech("One $5.", false)
	words := append(s.add(letters("One $", 0), 0, true), s.add(letters("5.", 100), ms(100), true)...)
	if got, want := printed(append(words, s.rest()...)), "One@0-60 $5@80-120"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestHowAlignmentsAreCutChangesNothing tells one text in frames of any number of characters.
func TestHowAlignmentsAreCutChangesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := strings.Join(rapid.SliceOfN(rapid.SampledFrom([]string{"one", "don't", "3.14", "好的", "e.g.", "wörd,", "-", "(x)"}), 1, 12).Draw(t, "words"), " ")
		all := letters(text, 0)
		whole, cut := &speech{}, &speech{}
		if rapid.Bool().Draw(t, "known") {
			*cut = newSpeech(text, false)
		}
		want := append(whole.add(all, 0, true), whole.rest()...)
		var got []upstream.Word
		for from := 0; from < len(all.Chars); {
			to := min(from+rapid.IntRange(1, 9).Draw(t, "characters"), len(all.Chars))
			part := &alignment{Chars: all.Chars[from:to], Starts: all.Starts[from:to], Lengths: all.Lengths[from:to]}
			got = append(got, cut.add(part, ms(20*from), true)...)
			from = to
		}
		got = append(got, cut.rest()...)
		if a, b := joined(got), joined(want); a != b {
			t.Fatalf("got %s\nwant %s", a, b)
		}
		if len(got) > 0 && got[len(got)-1].End != want[len(want)-1].End {
			t.Fatalf("got %s\nwant %s", printed(got), printed(want))
		}
	})
}

// joined is the text of words.
func joined(words []upstream.Word) string {
	var all strings.Builder
	for _, w := range words {
		all.WriteString(w.Text)
	}
	return all.String()
}

// TestListsOfUnequalLengths takes what all three of them have.
func TestListsOfUnequalLengths(t *testing.T) {
	a := letters("ab cd", 0)
	a.Lengths = a.Lengths[:2]
	s := &speech{}
	if got := printed(slices.Concat(s.add(a, 0, true), s.rest())); got != "ab@0-40" {
		t.Errorf("got %s, want ab@0-40", got)
	}
	if got := s.add(&alignment{Chars: []string{"a"}}, 0, true); got != nil {
		t.Errorf("got %v of characters without times", got)
	}
}
