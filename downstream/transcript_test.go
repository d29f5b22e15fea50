package downstream

import (
	"slices"
	"strings"
	"testing"

	"voicerelay/text"
)

// writtenWords are the words of a text as a client gets them that asks for each.
func writtenWords(of string) []string {
	var t Transcript
	t.Append(of)
	var words []string
	for _, token := range text.Tokens(of, 0) {
		words = append(words, t.Written(token.Start, token.End))
	}
	return words
}

func TestWordsAreTheClientsOwn(t *testing.T) {
	for of, want := range map[string][]string{
		"Hello, world!":                 {"Hello,", "world!"},
		"He said: \"Go (now).\" Fine…":  {"He", "said:", "\"Go", "(now).\"", "Fine…"},
		"well-known—really":             {"well-", "known—", "really"},
		"It costs $5.20, doesn't it?":   {"It", "costs", "$5.20,", "doesn't", "it?"},
		"¿Qué tal?  ¡Bien!":             {"¿Qué", "tal?", "¡Bien!"},
		"A <break time=\"1s\"/> b<x/>c": {"A", "b", "c"},
		"and/or #5, a$5 (-3)":           {"and/", "or", "#5,", "a$5", "(-3)"},
		"- dash at the beginning":       {"dash", "at", "the", "beginning"},
	} {
		if got := writtenWords(of); !slices.Equal(got, want) {
			t.Errorf("%q: got %q, want %q", of, got, want)
		}
	}
}

// A word is told again after a takeover.
func TestWordsMayComeAgain(t *testing.T) {
	var text Transcript
	text.Append("One, two; three.")
	for _, w := range []struct {
		from, to int
		want     string
	}{{0, 3, "One,"}, {5, 8, "two;"}, {0, 3, "One,"}, {10, 15, "three."}} {
		if got := text.Written(w.from, w.to); got != w.want {
			t.Errorf("%d to %d: got %q, want %q", w.from, w.to, got, w.want)
		}
	}
}

// What the engine asks for beyond the text gives what there is.
func TestAWordBeyondTheTextIsWhatThereIs(t *testing.T) {
	var text Transcript
	text.Append("ab")
	if got := text.Written(1, 9); got != "b" {
		t.Errorf("got %q, want b", got)
	}
	if got := text.Written(7, 9); got != "" {
		t.Errorf("got %q, want nothing", got)
	}
}

// However a text is written, its words are told in order, none of its characters twice, and none with space around it.
func FuzzWritten(f *testing.F) {
	for _, seed := range []string{"Hello, world!", "well-known—really", "a <b/> c", "世界。カタカナ", "<<<>>> x", "\u00a0a\u2003b ", "1.5% of £2"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, of string) {
		rest := strings.ToValidUTF8(of, "\uFFFD")
		for _, word := range writtenWords(rest) {
			if strings.TrimSpace(word) != word {
				t.Errorf("%q: a word is %q", of, word)
			}
			_, behind, found := strings.Cut(rest, word)
			if !found {
				t.Fatalf("%q: %q is not in %q", of, word, rest)
			}
			rest = behind
		}
	})
}
