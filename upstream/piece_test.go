package upstream

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

func TestPartsAreCutWhereTheyReadWell(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		most int
		want []string
	}{
		"what fits":             {"One two.", 8, []string{"One two."}},
		"nothing":               {"", 8, []string{""}},
		"after a sentence":      {"One. Two. Three four", 16, []string{"One. Two. ", "Three four"}},
		"after a space":         {"One. Two three four", 16, []string{"One. Two three ", "four"}},
		"between characters":    {"αβγδε", 5, []string{"αβ", "γδ", "ε"}},
		"a space at the start":  {" abcdefgh", 4, []string{" abc", "defg", "h"}},
		"a character that fits": {"日本語", 6, []string{"日本", "語"}},
	} {
		if got := Parts(c.text, c.most); !slices.Equal(got, c.want) {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
	}
}

func TestPartsAreTheText(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringOf(rapid.SampledFrom([]rune("aé日🙂 .!"))).Draw(t, "text")
		most := rapid.IntRange(utf8.UTFMax, 20).Draw(t, "most")
		parts := Parts(text, most)
		if strings.Join(parts, "") != text {
			t.Fatalf("got %q of %q", parts, text)
		}
		for _, part := range parts {
			if len(part) > most || !utf8.ValidString(part) {
				t.Fatalf("a part is %q, of at most %d bytes", part, most)
			}
		}
	})
}
