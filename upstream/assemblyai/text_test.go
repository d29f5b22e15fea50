package assemblyai

import (
	"strings"
	"testing"
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
