package text

import (
	"strings"
	"testing"
)

// cutAll cuts a finished text and returns what the vendor gets, and the client's text of each piece between bars.
func cutAll(t *testing.T, in string, s Schedule, spell bool) (texts []string, spans string) {
	t.Helper()
	var b Buffer
	b.Append(in)
	b.Finish()
	c := NewCutter(&b, 0, s, spell)
	runes := []rune(in)
	for at := 0; ; {
		p, ok := c.Next(Now{})
		if !ok {
			break
		}
		if p.Start != at {
			t.Fatalf("piece starts at %d, want %d", p.Start, at)
		}
		texts = append(texts, p.Text)
		spans += string(runes[p.Start:p.End]) + "|"
		at = p.End
	}
	return texts, strings.TrimSuffix(spans, "|")
}

// Each | in want is where a text with a short schedule is cut.
func TestBoundaries(t *testing.T) {
	tests := []struct{ name, want string }{
		{"sentences", "One is here.| Two? | Three!| \"Four.\"| Five… |Six."},
		{"closers", "He said (so.)| “Yes!”| Then „gut.“| Ok *x!*| Z"},
		{"no whitespace, no end", "Hello.World is 3.14 or 1.250,5 at 10:30.| See a.b/c?d e"},
		{"titles", "Dr. Smith and Mrs. Jones met J. R. Smith.| They left"},
		{"initialisms", "The U.S. army, e.g. this, i.e. that, z.B. das.| Then"},
		{"numbers of things", "See p. 5, No. 5 and fig. 3.| No.| Then we"},
		{"etc.", "Pens etc. are here.| Pens etc.| They are"},
		{"clock", "At 5 p.m. we go.| At 5 p.m.| He goes"},
		{"German dates", "Am 3. Mai und am 21. November kam er.| Um 5.| Er"},
		{"list", "1. First item.\n|2. Second item."},
		{"paragraphs", "Title\n\n|Text here"},
		{"emoji closes", "Great!😀| Next 👨‍👩‍👧!| So"},
		{"Chinese", "你好。|“世界！”|他说：3.14？！|好"},
		{"Japanese", "「そうです。」|はい。|え"},
		{"wide signs", "好\uff01|はい\uff0e|数は\uff13\uff0e\uff11\uff14です。|5。|3。|好"},
		{"Arabic", "مرحبا بك.| كيف حالك؟| جيد"},
		{"Urdu", "یہ ہے۔| کیا؟| پی۔ٹی۔آئی ہے"},
		{"Hebrew", "שלום.| מה שלומך?| טוב"},
		{"Hindi", "नमस्ते।| आप कैसे हैं?| ठीक॥|अच्छा"},
		{"spell", "Say <spell>A. B! C</spell> now.| Then"},
		{"tags", `Wait.<break time="1. 5s"/>| Go`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			in := strings.ReplaceAll(tt.want, "|", "")
			_, got := cutAll(t, in, Schedule{Gather: []int{0}, Max: 200}, true)
			if toSpaces(got) != toSpaces(tt.want) {
				t.Errorf("\n got %q\nwant %q", got, tt.want)
			}
		})
	}
}

// toSpaces moves bars before whitespace, where cuts are.
func toSpaces(s string) string {
	for _, w := range []string{" ", "\n"} {
		for strings.Contains(s, w+"|") {
			s = strings.ReplaceAll(s, w+"|", "|"+w)
		}
	}
	return s
}
