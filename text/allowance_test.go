package text

import (
	"strings"
	"testing"
)

// A piece can be spoken as so many words, whether they are in the text or not.
func TestAlignerBoundsWhatIsSpoken(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		most int // words that may be spoken
	}{
		"words":                                {"one two three", 4*3 + 64},
		"no words":                             {"…", 64},
		"a number, by its digits":              {"1234567890", 4*10 + 64},
		"an amount":                            {"$1,250 now", 4*(6+1) + 64},
		"an acronym":                           {"WYSIWYG again", 4*(7+1) + 64},
		"Thai, a word for each letter at most": {"สวัสดี", 4*4 + 64},
		"Chinese":                              {"你好", 4*2 + 64},
		"letters to spell":                     {"<spell>ab1</spell>", 4*3 + 64},
	} {
		t.Run(name, func(t *testing.T) {
			a := NewAligner(pieceOf(c.text))
			allowed := 0
			for a.Allow("other") && allowed <= c.most {
				allowed++
			}
			if allowed != c.most {
				t.Errorf("got %d words, want %d", allowed, c.most)
			}
		})
	}
	if NewAligner(pieceOf("one two three")).Allow(strings.Repeat("x", 1<<20)) {
		t.Error("a word of a megabyte is allowed")
	}
}
