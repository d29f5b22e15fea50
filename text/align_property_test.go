package text

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// A reading is a text with what a vendor makes of it. Client's words never repeat and are no words of the vendor's, so
// that it is known which spoken word belongs to which token.
type reading struct {
	text   string
	spoken []Spoken
	sure   map[string][2]int64 // tokens that were spoken as they are, with their times
	heard  map[string]int64    // tokens that were spoken otherwise: the end of their last spoken word
}

var (
	bases   = []string{"alpha", "Straße", "it", "мир", "café", "حرف", "हिंदी", "x", "don't", "go"}
	numbers = map[string]string{
		"%d,250": "one thousand two hundred fifty", "3.%d": "three point fourteen", "$%d": "five dollars", "Dr%d.": "doctor",
		"20%02d-11-21": "november twenty first", "%d%%": "seven percent", "C%d++": "see plus plus", "#%d": "number one",
	}
	fillers = []string{"um", "well", "one", "thousand", "you", "see"}
)

func drawReading(t *rapid.T) reading {
	r := reading{sure: map[string][2]int64{}, heard: map[string]int64{}}
	clock := int64(rapid.IntRange(0, 500).Draw(t, "start"))
	say := func(word string) int64 {
		clock += int64(rapid.IntRange(0, 3).Draw(t, "pause"))
		end := clock + int64(rapid.IntRange(1, 9).Draw(t, "length"))
		r.spoken = append(r.spoken, Spoken{Text: word, Start: clock, End: end, Score: 1})
		clock = end
		return end
	}
	var text strings.Builder
	for i := range rapid.IntRange(1, 40).Draw(t, "words") {
		form := rapid.SampledFrom([]string{"same", "same", "same", "same", "case", "number", "dropped", "inserted", "spelled"}).Draw(t, "form")
		word := fmt.Sprintf("%s%d", rapid.SampledFrom(bases).Draw(t, "base"), i)
		switch form {
		case "number":
			pattern := rapid.SampledFrom([]string{"%d,250", "3.%d", "$%d", "Dr%d.", "20%02d-11-21", "%d%%", "C%d++", "#%d"}).Draw(t, "pattern")
			word = fmt.Sprintf(pattern, i+100)
			for w := range strings.FieldsSeq(numbers[pattern]) {
				r.heard[Tokens(word, 0)[0].Text] = say(w)
			}
		case "spelled":
			word = ""
			for _, letter := range []rune{rune('一' + 2*i), rune('一' + 2*i + 1)} {
				word += string(letter)
				end := say(string(letter))
				r.sure[string(letter)] = [2]int64{r.spoken[len(r.spoken)-1].Start, end}
			}
			word = openSpell + word + closeSpell
		case "inserted":
			say(rapid.SampledFrom(fillers).Draw(t, "filler"))
			fallthrough
		case "same", "case":
			spoken := word
			if form == "case" {
				spoken = strings.ToUpper(word) + ","
				word = "“" + word + "!”"
			}
			end := say(spoken)
			r.sure[Tokens(word, 0)[0].Text] = [2]int64{r.spoken[len(r.spoken)-1].Start, end}
		}
		text.WriteString(word + rapid.SampledFrom([]string{" ", ", ", ". ", " – ", "\n"}).Draw(t, "behind"))
	}
	r.text = text.String()
	return r
}

// checkTimed checks what holds for any words: each token once and in order, and times that never go back.
func checkTimed(t *rapid.T, p Piece, spoken []Spoken, got []Timed) {
	want := p.Tokens()
	if len(spoken) == 0 {
		want = nil
	}
	if len(got) != len(want) {
		t.Fatalf("%d tokens of %d", len(got), len(want))
	}
	var last Timed
	for i, w := range got {
		if w.Token != want[i] {
			t.Fatalf("token %d is %v, want %v", i, w.Token, want[i])
		}
		if i > 0 && (w.Start < last.Start || w.End < last.End) || w.End < w.Start {
			t.Fatalf("times of %v go back behind %v", w, last)
		}
		last = w
	}
}

// inGroups aligns words that come in random groups.
func inGroups(t *rapid.T, p Piece, spoken []Spoken) []Timed {
	a := NewAligner(p)
	var got []Timed
	for len(spoken) > 0 {
		n := rapid.IntRange(0, len(spoken)).Draw(t, "group")
		got = append(got, a.Add(spoken[:n])...)
		spoken = spoken[n:]
	}
	return append(got, a.Finish()...)
}

func atOnce(p Piece, spoken []Spoken) []Timed {
	a := NewAligner(p)
	return append(a.Add(spoken), a.Finish()...)
}

func TestAlignerFindsEveryWordOfANormalisedText(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := drawReading(t)
		p := pieceOf(r.text)
		got := inGroups(t, p, r.spoken)
		checkTimed(t, p, r.spoken, got)
		if once := atOnce(p, r.spoken); len(got) > 0 && !reflect.DeepEqual(got, once) {
			t.Fatalf("in groups %v, at once %v", got, once)
		}
		for _, w := range got {
			if want, ok := r.sure[w.Text]; ok && [2]int64{w.Start, w.End} != want {
				t.Fatalf("%q in %q: got %d..%d, want %v\nspoken %v", w.Text, r.text, w.Start, w.End, want, r.spoken)
			}
			if end := r.heard[w.Text]; w.End < end {
				t.Fatalf("%q in %q counts as heard at %d, before its end at %d", w.Text, r.text, w.End, end)
			}
		}
	})
}

// Whatever a vendor says, in words that repeat, with times that make no sense.
func TestAlignerKeepsOrderWhateverIsSpoken(t *testing.T) {
	words := []string{"a", "the", "two", "and", "hello", "1,250", "well-known", "known", "10:30", "10", "30", "", "…", "<spell>AB</spell>", "ab", "b", "你好", "好"}
	rapid.Check(t, func(t *rapid.T) {
		word := rapid.SampledFrom(words)
		p := pieceOf(strings.Join(rapid.SliceOfN(word, 0, 40).Draw(t, "text"), " "))
		var spoken []Spoken
		for _, w := range rapid.SliceOfN(word, 0, 40).Draw(t, "spoken") {
			time := rapid.Int64Range(0, 1000)
			spoken = append(spoken, Spoken{Text: w, Start: time.Draw(t, "start"), End: time.Draw(t, "end")})
		}
		got := inGroups(t, p, spoken)
		checkTimed(t, p, spoken, got)
		if once := atOnce(p, spoken); len(got) > 0 && !reflect.DeepEqual(got, once) {
			t.Fatalf("in groups %v, at once %v", got, once)
		}
	})
}
