package text

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestTags(t *testing.T) {
	tests := []struct {
		text string
		tags []string
	}{
		{`One. <break time="1s"/> Two.`, []string{`<break time="1s"/>`}},
		{`<break time = "1s"/>`, []string{`<break time = "1s"/>`}},
		{"<break\r\n\ttime=\"1s\"\r\n/>", []string{"<break\r\n\ttime=\"1s\"\r\n/>"}},
		{`<break time='1s' strength= "x" />`, []string{`<break time='1s' strength= "x" />`}},
		{"<break time=\"1\r\ns\"/>", []string{"<break time=\"1\r\ns\"/>"}},
		{`<b>bold</b>`, []string{"<b>", "</b>"}},
		{`<prosody rate=80%>slow</prosody>`, []string{"<prosody rate=80%>", "</prosody>"}},
		{`<amazon:effect name="x">`, []string{`<amazon:effect name="x">`}},
		{`<phoneme ph="` + strings.Repeat("x", 4000) + `">`, []string{`<phoneme ph="` + strings.Repeat("x", 4000) + `">`}},
		{`<phoneme ph="` + strings.Repeat("x", 4096) + `">`, nil},
		{"Ha [laughs] ha.", []string{"[laughs]"}},
		{"[whispers]Come.", nil},
		{"[whispers] Come [in a strong French accent], [short pause]", []string{"[whispers]", "[in a strong French accent]", "[short pause]"}},
		{"a < b, x <3, <b and c>, 1 <2> 3, < b>, <>", nil},
		{"[1] see [x], [ok], [Note], a[index], ![image] and [see this](http://x) or [that][1], [tag]: y", nil},
		{"[], [ laughs], [laughs ], [laughs out loud so that all can hear], [laugh5], [é]", nil},
		{"[" + strings.Repeat("x", 70) + "]", nil},
		{"<break time=1s", nil},
		{"[laughs", nil},
	}
	for _, tt := range tests {
		var got []string
		tagged(tt.text, false, func(from, to int, kind stretch) {
			if kind == tagText {
				got = append(got, tt.text[from:to])
			}
		})
		if !slices.Equal(got, tt.tags) {
			t.Errorf("%.80q: got %q, want %q", tt.text, got, tt.tags)
		}
	}
}

// stripped are the pieces that a vendor gets who knows tags of these names.
func stripped(text string, known ...string) string {
	var b Buffer
	b.Append(text)
	b.Finish()
	c := NewCutter(&b, 0, Schedule{Gather: []int{200}, Max: 200}, true)
	c.Strip(known)
	return drain(c, busy)
}

func TestUnknownTagsAreLeftOut(t *testing.T) {
	tests := []struct {
		text  string
		known []string
		want  string
	}{
		{`One. <break time="1s"/> Two.`, nil, "One. Two.>"},
		{`One. <break time="1s"/> Two.`, []string{"break"}, `One. <break time="1s"/> Two.>`},
		{`One. <BREAK time="1s"/> Two.`, []string{"break"}, `One. <BREAK time="1s"/> Two.>`},
		{`One. [laughs] Two.`, []string{"break"}, "One. Two.>"},
		{`One. [laughs] Two.`, []string{AudioTags}, "One. [laughs] Two.>"},
		{`One. [laughter] [sighs] Two.`, []string{"[laughter]"}, "One. [laughter] Two.>"},
		{`One.<break time="1s"/>Two.`, nil, "One. Two.>"},
		{`One<break/>, two`, nil, "One, two>"},
		{`Say “<b>yes</b>” or (<i>no</i>).`, nil, `Say “yes” or (no).>`},
		{`Costs<break/>$5`, nil, "Costs $5>"},
		{`<speak>One. <s>Two.</s></speak>`, nil, "One. Two.>"},
		{`One <break/><break/> two`, nil, "One two>"},
		{`Code <spell>A1</spell><break/>now`, nil, "Code <spell>A1</spell> now>"},
		{`a < b, [1] see, x <3`, nil, "a < b, [1] see, x <3>"},
		{`<break time="1s"/>`, nil, ">"},
		{`[laughs]`, nil, ">"},
	}
	for _, tt := range tests {
		if got := stripped(tt.text, tt.known...); got != tt.want {
			t.Errorf("%q with %q: got %q, want %q", tt.text, tt.known, got, tt.want)
		}
	}
}

// A text's words and their places are the same whatever a vendor knows, and what is sent has no tag that it doesn't.
func TestStrippingChangesNoWord(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		parts := drawText(t)
		text := textOf(parts)
		k := newTaker(t, parts, drawSchedule(t), true)
		var b Buffer
		c := NewCutter(&b, 0, k.s, k.spell)
		c.Strip([]string{"b"})
		var got []Token
		take := func() {
			for p, ok := c.Next(Now{}); ok; p, ok = c.Next(Now{}) {
				k.text(p)
				got = append(got, p.Tokens()...)
				tagged(p.Text, false, func(from, to int, kind stretch) {
					if tag := p.Text[from:to]; kind == tagText && tag != "<b>" && tag != "</b>" && tag != openSpell && tag != closeSpell {
						t.Fatalf("%q is in %q", tag, p.Text)
					}
				})
			}
		}
		for _, s := range chunks(t, text) {
			b.Append(s)
			take()
		}
		b.Finish()
		take()
		if want := Tokens(text, 0); !slices.Equal(got, want) {
			t.Fatalf("got words %v, want %v", got, want)
		}
	})
}

// A place within a tag is none to go on from.
func TestNoTextBeginsWithinATag(t *testing.T) {
	for _, text := range []string{`One. [laughs] Two.`, "One. <break time = \"1s\"/> Two."} {
		from := strings.IndexAny(text, "[<")
		to := strings.IndexAny(text, "]>") + 1
		var b Buffer
		b.Append(text)
		b.Finish()
		for start := from + 1; start < to; start++ {
			p, _ := NewCutter(&b, start, Schedule{Max: 200}, true).Next(busy)
			if p.Text != " Two." || p.Start != to {
				t.Errorf("%q from %d: got %q from %d", text, start, p.Text, p.Start)
			}
		}
	}
}

// A tag that comes in parts is one tag, and what comes before it is not kept waiting.
func TestTagsThatComeInParts(t *testing.T) {
	for _, tag := range []string{`<break time = "1s"/>`, "<break\r\ntime='1s'>", "[laughs]", "[in a whisper]"} {
		for at := 1; at < len(tag); at++ {
			var b Buffer
			c := NewCutter(&b, 0, Schedule{Max: 200}, true)
			c.Strip(nil)
			b.Append("One. " + tag[:at])
			if got := drain(c, settled); got != "One." {
				t.Fatalf("%q: got %q, want the sentence before", tag[:at], got)
			}
			b.Append(tag[at:] + " Two. ")
			if got := drain(c, idle); got != "  Two." && got != " Two." {
				t.Errorf("%q | %q: got %q", tag[:at], tag[at:], got)
			}
		}
	}
}
