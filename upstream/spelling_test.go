package upstream

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"
)

// spell tells a text's characters, 20 ms each.
func spell(s *Spelling, text string) {
	at := time.Duration(0)
	for _, r := range text {
		s.Add(string(r), at, at+20*time.Millisecond)
		at += 20 * time.Millisecond
	}
}

// spelled are words as text@start-end, in milliseconds.
func spelled(words []Word) string {
	var all []string
	for _, w := range words {
		all = append(all, fmt.Sprintf("%s@%d-%d", w.Text, w.Start.Milliseconds(), w.End.Milliseconds()))
	}
	return strings.Join(all, " ")
}

func TestCharactersAreJoinedToWords(t *testing.T) {
	for name, c := range map[string]struct{ text, told, words, rest string }{
		"words":                       {"", "Hi you. ", "Hi@0-40 you@60-120", ""},
		"a word that may go on":       {"", "Hi you", "Hi@0-40", "you@60-120"},
		"one that by the text is out": {"Hi you.", "Hi you", "Hi@0-40 you@60-120", ""},
		"one that by the text is not": {"Hi yours.", "Hi you", "Hi@0-40", "you@60-120"},
		"another text":                {"3 you.", "Hi you", "Hi@0-40", "you@60-120"},
		"a script without spaces":     {"", "你好吗。", "你@0-20 好@20-40", "吗@40-60"},
		"signs alone":                 {"", "... ", "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			s := Spelling{}
			if c.text != "" {
				s = NewSpelling(c.text)
			}
			spell(&s, c.told)
			if got := spelled(s.Words()); got != c.words {
				t.Errorf("got %q, want %q", got, c.words)
			}
			if got := spelled(s.Rest()); got != c.rest {
				t.Errorf("then got %q, want %q", got, c.rest)
			}
		})
	}
}

// A vendor that sends characters and never a space does not fill the memory.
func TestLongRunsOfCharactersAreNotKept(t *testing.T) {
	s := Spelling{}
	for range 10 {
		spell(&s, strings.Repeat("a", 300))
		s.Words()
		if len(s.chars) > longestWord+300 || len(s.spans) != len(s.chars) {
			t.Fatalf("%d characters are kept, with %d times", len(s.chars), len(s.spans))
		}
	}
}

func TestSeconds(t *testing.T) {
	for figure, want := range map[float64]time.Duration{0: 0, 0.0123456789: 12345679, 1.5: 1500 * time.Millisecond, 86400: 24 * time.Hour} {
		if got, sane := Seconds(figure); got != want || !sane {
			t.Errorf("%g: got %v and %v, want %v", figure, got, sane, want)
		}
	}
	for _, figure := range []float64{-0.001, 86401, 1e300, math.Inf(1), math.NaN()} {
		if got, sane := Seconds(figure); got != 0 || sane {
			t.Errorf("%g: got %v and %v, want nothing", figure, got, sane)
		}
	}
}
