package position

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"voicerelay/text"
)

// pieceFrom is the text from a place on as one piece.
func pieceFrom(s string, start int) text.Piece {
	var b text.Buffer
	b.Append(s)
	b.Finish()
	p, _ := text.NewCutter(&b, start, text.Schedule{Gather: []int{100_000}, Max: 100_000}, true).Next(text.Now{Idle: true})
	return p
}

// voiceOver says a text from a place on, after the audio so far, and breaks off: it returns the words that were heard
// whole, of those that it says.
func voiceOver(rt *rapid.T, t *Track, s string, from int, told bool) (heard int) {
	t.Cut(from)
	p := pieceFrom(s, from)
	t.AddPiece(p)
	at := t.Samples + rapid.Int64Range(0, 200).Draw(rt, "leading silence")
	var words []text.Timed
	for _, token := range p.Tokens() {
		start := at + rapid.Int64Range(0, 50).Draw(rt, "pause")
		at = start + rapid.Int64Range(50, 600).Draw(rt, "length")
		words = append(words, text.Timed{Token: token, Start: start, End: at})
	}
	t.Samples += rapid.Int64Range(1, at-t.Samples).Draw(rt, "heard")
	for heard < len(words) && words[heard].End <= t.Samples {
		heard++
	}
	if told { // at least as far as the audio reaches
		t.AddWords(words[:min(len(words), heard+1+rapid.IntRange(0, 3).Draw(rt, "ahead"))])
		t.Ripe()
	}
	return heard
}

// However often voices break off, no word is left out that was not heard whole; and where their times are known, none
// that was is said again.
func TestNoWordIsLeftOut(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		n := rapid.IntRange(3, 30).Draw(rt, "words")
		s := strings.TrimSpace(strings.Repeat("word, ", n))
		tokens := text.Tokens(s, 0)
		all := NewTrack(1000)
		next := 0 // the first word not heard whole
		for voice := 0; voice < 4 && next < len(tokens); voice++ {
			told := rapid.Bool().Draw(rt, "told")
			said := voiceOver(rt, &all, s, tokens[next].Start, told)
			guess := rapid.IntRange(0, said).Draw(rt, "guess") // an estimate that errs towards fewer
			got := all.Resume(func(beats []text.Beat, _, _ int64) int { return min(guess, len(beats)) })
			if !told {
				said = guess
			}
			want := len(s)
			if next += said; next < len(tokens) {
				want = tokens[next].Start
			}
			if got.Char != want {
				rt.Fatalf("voice %d: resumed at %d by %s, want %d", voice, got.Char, got.Source, want)
			}
		}
	})
}

func TestResume(t *testing.T) {
	const s = "one two three four"
	words := []text.Timed{
		{Token: text.Token{Text: "one", Start: 0, End: 3}, Start: 0, End: 300},
		{Token: text.Token{Text: "two", Start: 4, End: 7}, Start: 320, End: 600},
	}
	tests := map[string]struct {
		words   []text.Timed
		ends    int64 // of the piece; -1: not known
		samples int64
		said    int // by the estimate
		want    Resume
	}{
		"nothing heard":                 {words, -1, 0, 0, Resume{0, SourceWords}},
		"within a word":                 {words, -1, 599, 9, Resume{4, SourceWords}},
		"at a word's end":               {words, -1, 600, 9, Resume{8, SourceWords}},
		"behind the last time":          {words, -1, 900, 0, Resume{8, SourceWords}},
		"behind it, one said":           {words, -1, 900, 1, Resume{14, SourceEstimate}},
		"at a piece's end":              {nil, 1000, 1000, 0, Resume{18, SourceSegment}},
		"a little before a piece's end": {nil, 1000, 995, 0, Resume{18, SourceSegment}},
		"before a piece's end":          {nil, 1000, 900, 2, Resume{8, SourceEstimate}},
		"nothing known":                 {nil, -1, 900, 0, Resume{0, SourceSegment}},
		"nothing known, all said":       {nil, -1, 900, 4, Resume{18, SourceEstimate}},
		"times behind a known end":      {words, 500, 550, 0, Resume{18, SourceSegment}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			tr := NewTrack(1000)
			tr.AddPiece(pieceFrom(s, 0))
			tr.AddWords(test.words)
			tr.EndPiece(0, test.ends)
			tr.Samples = test.samples
			if got := tr.Resume(func([]text.Beat, int64, int64) int { return test.said }); got != test.want {
				t.Errorf("got %+v, want %+v", got, test.want)
			}
		})
	}
}

// Letters within <spell> are words; one may be where the next voice begins.
func TestResumeWithinASpelledWord(t *testing.T) {
	const s = "My code is <spell>abc</spell>, said once."
	p := pieceFrom(s, 0)
	tr := NewTrack(1000)
	tr.AddPiece(p)
	at := int64(0)
	for _, token := range p.Tokens()[:4] { // My, code, is, a
		tr.AddWords([]text.Timed{{Token: token, Start: at, End: at + 100}})
		at += 100
	}
	tr.Samples = at
	got := tr.Resume(nil)
	if want := strings.Index(s, "bc<"); got.Char != want || got.Source != SourceWords {
		t.Fatalf("got %+v, want %d", got, want)
	}
	if got := pieceFrom(s, got.Char).Text; got != "<spell>bc</spell>, said once." {
		t.Errorf("the next voice gets %q", got)
	}
}

// Word times that a vendor mixes up never run backwards, which the search in them relies on.
func TestWordTimesNeverRunBackwards(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		tr := NewTrack(1000)
		for range rapid.IntRange(1, 20).Draw(rt, "words") {
			start := rapid.Int64Range(0, 1000).Draw(rt, "start")
			tr.AddWords([]text.Timed{{Start: start, End: start + rapid.Int64Range(-100, 500).Draw(rt, "length")}})
		}
		for i := 1; i < len(tr.Words); i++ {
			if a, b := tr.Words[i-1], tr.Words[i]; b.Start < a.Start || b.End < a.End || b.End < b.Start {
				rt.Fatalf("%+v behind %+v", b, a)
			}
		}
	})
}
