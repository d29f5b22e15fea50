package text

import (
	"strings"
	"testing"
)

// An aligner takes so many words of a piece, whether they are in the text or not, and keeps none beyond.
func TestAlignerBoundsWhatIsSpoken(t *testing.T) {
	other := Spoken{Text: "other"}
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
			for range c.most {
				a.Add([]Spoken{other})
			}
			if a.Exceeded() {
				t.Errorf("exceeded by %d words", c.most)
			}
			a.Add([]Spoken{other, other, other})
			if !a.Exceeded() || len(a.waiting) > c.most {
				t.Errorf("%d words and 3: exceeded %v, %d kept", c.most, a.Exceeded(), len(a.waiting))
			}
		})
	}
	a := NewAligner(pieceOf("one two three"))
	a.Add([]Spoken{{Text: strings.Repeat("x", 1<<20)}})
	if !a.Exceeded() || len(a.waiting) > 0 {
		t.Errorf("a word of a megabyte: exceeded %v, %d kept", a.Exceeded(), len(a.waiting))
	}
	a = NewAligner(pieceOf("one two three"))
	if got := show(a.Add(speak(strings.Repeat("other ", 70) + "one two"))); got != "one:70 two:71" || a.Exceeded() {
		t.Errorf("got %q behind 70 others", got)
	}
}
