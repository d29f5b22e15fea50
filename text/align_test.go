package text

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
)

// speak gives each word 100 ms and 10 ms of silence before it. A word may be written "a+b": one spoken word of two.
func speak(words string) []Spoken {
	var out []Spoken
	for i, w := range strings.Fields(words) {
		at := int64(i)*110 + 10
		out = append(out, Spoken{Text: strings.ReplaceAll(w, "+", " "), Start: at, End: at + 100, Score: 1})
	}
	return out
}

// show writes tokens with the numbers of the first and last spoken word that they have the times of; "-" has no length.
func show(ts []Timed) string {
	var out []string
	for _, t := range ts {
		switch first, last := t.Start/110, (t.End-1)/110; {
		case t.Start == t.End:
			out = append(out, t.Text+"-")
		case first == last:
			out = append(out, fmt.Sprintf("%s:%d", t.Text, first))
		default:
			out = append(out, fmt.Sprintf("%s:%d-%d", t.Text, first, last))
		}
	}
	return strings.Join(out, " ")
}

func pieceOf(s string) Piece { return Piece{End: len([]rune(s)), Text: s} }

func TestAligner(t *testing.T) {
	tests := []struct{ name, text, spoken, want string }{
		{"as written", "Hello, big world!", "hello big world", "Hello:0 big:1 world:2"},
		{"case and marks", "STRASSE “Été”", "strasse, e\u0301te\u0301.", "STRASSE:0 Été:1"},
		{"number as words", "1,250 people came", "one thousand two hundred fifty people came", "1,250:0-4 people:5 came:6"},
		{"number at the end", "it costs $5.00", "it costs five dollars", "it:0 costs:1 $5.00:2-3"},
		{"number with a word of the text", "1,250 and more", "one thousand two hundred and fifty and more", "1,250:0-5 and:6 more:7"},
		{"title", "Dr. Smith is in", "doctor smith is in", "Dr:0 Smith:1 is:2 in:3"},
		{"several blocks", "Dr. Smith on St. John in 5 towns", "doctor smith on saint john in five towns", "Dr:0 Smith:1 on:2 St:3 John:4 in:5 5:6 towns:7"},
		{"left out", "the very big house", "very big house", "the- very:0 big:1 house:2"},
		{"left out at the end", "a big house here", "a big", "a:0 big:1 house- here-"},
		{"inserted", "so we go", "so um well we go", "so:0 we:3 go:4"},
		{"inserted at the end", "so we", "so we do", "so:0 we:1"},
		{"one word for several", "a well-known fact", "a well-known fact", "a:0 well:1 known:1 fact:2"},
		{"several words for one", "at 10:30 sharp", "at 10 30 sharp", "at:0 10:30:1-2 sharp:3"},
		{"two in one", "New York City", "new+york city", "New:0 York:0 City:1"},
		{"spelled", "code <spell>AB1</spell> ok", "code a b one ok", "code:0 A:1 B:2 1:3 ok:4"},
		{"spelled in one", "code <spell>AB1</spell> ok", "code ab1 ok", "code:0 A:1 B:1 1:1 ok:2"},
		{"Chinese words", "你好世界。", "你好 世界", "你:0 好:0 世:1 界:1"},
		{"Arabic without its points", "مَرْحَبًا بك", "مرحبا بك", "مَرْحَبًا:0 بك:1"},
		{"C and C++", "C++ or C", "c plus plus or c", "C++:0-2 or:3 C:4"},
		{"repeated words", "go go go", "go go go", "go:0 go:1 go:2"},
		{"nothing equal", "5 + 7", "fünf und sieben", "5:0-2 7:0-2"},
		{"nothing spoken", "a b", "", ""},
		{"not in the text's order", "one two three four", "um two three four one", "one:0 two:1 three:2 four:3"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a := NewAligner(pieceOf(tt.text))
			got := show(append(a.Add(speak(tt.spoken)), a.Finish()...))
			if got != tt.want {
				t.Errorf("\n got %s\nwant %s", got, tt.want)
			}
		})
	}
}

// What is known at once is what a takeover can rely on.
func TestAlignerResolvesEarly(t *testing.T) {
	tests := []struct{ name, text, spoken, want string }{
		{"equal words", "we go home", "we go", "we:0 go:1"},
		{"a number waits for what follows", "we have 1,250 people here", "we have one thousand two", "we:0 have:1"},
		{"a long word follows", "we have 1,250 people here", "we have one thousand two people", "we:0 have:1 1,250:2-4 people:5"},
		{"a short word waits for another", "1,250 and more", "one thousand two hundred and", ""},
		{"two short words", "1,250 and so on", "one thousand and so", "1,250:0-1 and:2 so:3"},
		{"what was inserted waits for any next word", "so we go", "so um we", "so:0 we:2"},
		{"two words far on are no anchor", "a b c d and so on", "and so", ""},
		{"three words far on are one", "a b c d and so on", "and so on", "a- b- c- d- and:0 so:1 on:2"},
		{"points are no difference", "مَرْحَبًا بك", "مرحبا", "مَرْحَبًا:0"},
		{"a word far on is no anchor", "I saw him before we went there again", "again", ""},
		{"a repeated word is no anchor", "5 that is that", "five that", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := show(NewAligner(pieceOf(tt.text)).Add(speak(tt.spoken))); got != tt.want {
				t.Errorf("\n got %s\nwant %s", got, tt.want)
			}
		})
	}
}

func TestAlignerTimesNeverGoBack(t *testing.T) {
	a := NewAligner(pieceOf("a b c d"))
	got := a.Add([]Spoken{
		{Text: "a", Start: 50, End: 200, Score: 0.5},
		{Text: "b", Start: 100, End: 90, Score: 0.25},
		{Text: "c", Start: 0, End: 300},
		{Text: "d", Start: 350, End: 320},
	})
	want := [][2]int64{{50, 200}, {200, 200}, {200, 300}, {350, 350}}
	for i, w := range want {
		if got := [2]int64{got[i].Start, got[i].End}; got != w {
			t.Errorf("token %d: got %v, want %v", i, got, w)
		}
	}
	if got[1].Score != 0.25 {
		t.Errorf("score: got %v, want 0.25", got[1].Score)
	}
}

func TestAlignerKeepsOffsetsOfTheWholeText(t *testing.T) {
	var b Buffer
	b.Append("Über uns. Now <spell>AB</spell> here.")
	b.Finish()
	c := NewCutter(&b, 0, Schedule{Max: 400}, false)
	c.Next(Now{})
	p, _ := c.Next(Now{})
	a := NewAligner(p)
	var got []Token
	for _, w := range append(a.Add(speak("now a b here")), a.Finish()...) {
		got = append(got, w.Token)
	}
	want := []Token{{"Now", 10, 13}, {"A", 21, 22}, {"B", 22, 23}, {"here", 32, 36}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
