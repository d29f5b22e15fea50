package vendorhttp

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

func TestSplit(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		most int
		want []string
	}{
		"no bound":              {"One two.", 0, []string{"One two."}},
		"that fits":             {"One two.", 8, []string{"One two."}},
		"between words":         {"One two.", 7, []string{"One", "two."}},
		"right behind a word":   {"One two.", 3, []string{"One", "two", "."}},
		"several spaces":        {"One  \n two.", 7, []string{"One", "two."}},
		"a word that is long":   {"Donaudampfschiff fährt", 10, []string{"Donaudampf", "schiff", "fährt"}},
		"characters, not bytes": {"äöü äöü", 7, []string{"äöü äöü"}},
		"of several bytes":      {"äöü äöü", 4, []string{"äöü", "äöü"}},
		"empty":                 {"", 5, []string{""}},
	} {
		t.Run(name, func(t *testing.T) {
			if got := split(c.text, c.most); !slices.Equal(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

// No part is too long, no word is lost, and words that fit are whole.
func TestSplitProperty(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringOf(rapid.SampledFrom([]rune("ab ä\n世."))).Draw(t, "text")
		most := rapid.IntRange(1, 12).Draw(t, "most")
		parts := split(text, most)
		for _, part := range parts {
			if n := utf8.RuneCountInString(part); n > most {
				t.Fatalf("%q has %d characters, want at most %d", part, n, most)
			}
		}
		squeeze := func(s string) string { return strings.Join(strings.Fields(s), "") }
		if got := squeeze(strings.Join(parts, " ")); got != squeeze(text) {
			t.Fatalf("%q became %q", text, parts)
		}
		for _, word := range strings.Fields(text) {
			fits := utf8.RuneCountInString(word) <= most
			if fits && !slices.ContainsFunc(parts, func(part string) bool { return slices.Contains(strings.Fields(part), word) }) {
				t.Fatalf("%q is not whole in %q", word, parts)
			}
		}
	})
}
