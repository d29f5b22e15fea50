package text

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/clipperhouse/uax29/v2/graphemes"
)

func seeds(f *testing.F) []string {
	f.Helper()
	return append([]string{
		"Hello, world! Dr. Smith has 3.14 <spell>AB</spell>. 你好。👨‍👩‍👧",
		"<break time=\"1s\"/> a < b <spell>open", "a\u0600<b>\u0301c", "...。！\u0301 \r\n\n", "\xff\xfe<\x00",
	}, append(wordParts, signParts...)...)
}

// FuzzCutter checks that pieces cover any text that comes in any chunks, and are never too long.
func FuzzCutter(f *testing.F) {
	for i, s := range seeds(f) {
		f.Add(s, byte(i), byte(3*i), i%2 == 0)
	}
	f.Fuzz(func(t *testing.T, s string, size, most byte, spell bool) {
		schedule := Schedule{Gather: []int{int(size), 5}, Max: int(most)}
		var b Buffer
		c := NewCutter(&b, 0, schedule, spell)
		at, last, bare := 0, false, !strings.ContainsRune(s, '<')
		take := func(now Now) {
			for p, ok := c.Next(now); ok; p, ok = c.Next(now) {
				if last || p.Start != at || p.End < at || p.End > b.Len() {
					t.Fatalf("piece %d..%d at %d of %d, behind the last: %v", p.Start, p.End, at, b.Len(), last)
				}
				if !Speakable(p.Text) && (p.Text != "" || !p.Last) {
					t.Fatalf("nothing to speak in %q", p.Text)
				}
				if n := utf8.RuneCountInString(p.Text); bare && n > max(1, schedule.Max) && clusters(p.Text) > 1 {
					t.Fatalf("%d characters in %q, at most %d", n, p.Text, schedule.Max)
				}
				at, last = p.End, p.Last
			}
		}
		s = strings.ToValidUTF8(s, "\uFFFD")
		for i, runes := 0, []rune(s); len(runes) > 0; i++ {
			n := min(1+int(size)%7, len(runes))
			b.Append(string(runes[:n]))
			runes = runes[n:]
			if i%5 == 4 {
				b.Flush()
			}
			take(Now{Idle: i%2 == 0, Settled: i%3 == 0})
		}
		b.Finish()
		take(Now{})
		if !last || at != utf8.RuneCountInString(s) || b.String() != s {
			t.Fatalf("ended at %d of %d, last: %v", at, utf8.RuneCountInString(s), last)
		}
	})
}

func clusters(s string) (n int) {
	for it := graphemes.FromString(s); it.Next(); {
		n++
	}
	return n
}

// FuzzTokens checks that each letter and digit outside of tags is in just one token, and each token where it says.
func FuzzTokens(f *testing.F) {
	for _, s := range seeds(f) {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		s = strings.ToValidUTF8(s, "\uFFFD")
		runes, at, covered := []rune(s), 0, 0
		tokens := Tokens(s, 0)
		for _, tok := range tokens {
			if tok.Start < at || tok.End <= tok.Start || tok.End > len(runes) || string(runes[tok.Start:tok.End]) != tok.Text {
				t.Fatalf("token %+v at %d of %q", tok, at, s)
			}
			if !hasSpeakable(tok.Text) {
				t.Fatalf("token %+v has nothing to speak", tok)
			}
			at = tok.End
			covered += countSpeakable([]byte(tok.Text))
		}
		want := 0
		tagged(s, false, func(from, to int, kind stretch) {
			if kind != tagText {
				want += countSpeakable([]byte(s[from:to]))
			}
		})
		if covered != want || Speakable(s) != (want > 0) {
			t.Fatalf("tokens %v have %d letters of %d in %q", tokens, covered, want, s)
		}
	})
}

// FuzzAligner checks that any spoken words give each token once and in order, however they are grouped.
func FuzzAligner(f *testing.F) {
	f.Add("Dr. Smith has 1,250 well-known <spell>AB</spell> things", "doctor smith has one thousand wellknown a b things", byte(3))
	f.Add("a b a b", "b a b a", byte(1))
	f.Fuzz(func(t *testing.T, s, spoken string, size byte) {
		s = strings.ToValidUTF8(s, "\uFFFD")
		var words []Spoken
		for i, w := range strings.Fields(spoken) {
			words = append(words, Spoken{Text: w, Start: int64(i*10) % 70, End: int64(i*10+7) % 90})
		}
		p := pieceOf(s)
		once, a := atOnce(p, words), NewAligner(p)
		var got []Timed
		for rest := words; len(rest) > 0; {
			n := min(1+int(size)%5, len(rest))
			got, rest = append(got, a.Add(rest[:n])...), rest[n:]
		}
		got = append(got, a.Finish()...)
		tokens := Tokens(s, 0)
		if len(words) == 0 {
			tokens = nil
		}
		if len(got) != len(tokens) || len(once) != len(tokens) {
			t.Fatalf("%d tokens in groups, %d at once, want %d", len(got), len(once), len(tokens))
		}
		for i, w := range got {
			if w != once[i] || w.Token != tokens[i] || w.End < w.Start || i > 0 && (w.Start < got[i-1].Start || w.End < got[i-1].End) {
				t.Fatalf("token %d: in groups %+v, at once %+v, want %+v", i, w, once[i], tokens[i])
			}
		}
	})
}
