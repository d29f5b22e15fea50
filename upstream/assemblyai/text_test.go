package assemblyai

import (
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

func TestLongRunsAreBroken(t *testing.T) {
	dash := func(n int) string { return strings.Repeat("-", n) }
	for text, want := range map[string]string{
		"":                           "",
		"Hello there.":               "Hello there.",
		dash(40):                     dash(40),
		"a" + dash(41) + "b":         "a" + dash(40) + " -b",
		dash(39) + "x" + dash(39):    dash(39) + "x" + dash(39),
		dash(20) + " " + dash(39):    dash(20) + " " + dash(39),
		strings.Repeat("👍", 81):      strings.Repeat("👍", 40) + " " + strings.Repeat("👍", 40) + " 👍",
		strings.Repeat("नमस्ते", 20): strings.Repeat("नमस्ते", 20),
	} {
		if got := breakRuns(text); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

// Parts are the text, none is too long for the vendor, and they are cut at spaces where there are any.
func TestPartsProperty(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		words := rapid.SliceOfN(rapid.StringMatching(`[a-zé世]{1,300}[ \x{3000}]`), 0, 60).Draw(t, "words")
		text := strings.Join(words, "")
		all := parts(text)
		if strings.Join(all, "") != text {
			t.Fatalf("the parts are not the text")
		}
		for i, part := range all {
			if n := utf8.RuneCountInString(part); n > longestText || n == 0 && text != "" {
				t.Fatalf("a part has %d characters", n)
			}
			if last, _ := utf8.DecodeLastRuneInString(part); i < len(all)-1 && last != ' ' && last != '\u3000' {
				t.Fatalf("a part ends in %q", last)
			}
		}
	})
}

func TestTextWithoutSpacesIsCutAnywhere(t *testing.T) {
	all := parts(strings.Repeat("世", 2*longestText+1))
	if len(all) != 3 || utf8.RuneCountInString(all[0]) != longestText || all[2] != "世" {
		t.Errorf("got %d parts", len(all))
	}
}
