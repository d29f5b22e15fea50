package text

import (
	"slices"
	"strings"
	"testing"
)

// A step of a story about open text. Of do, "+x" appends x, "!" flushes, "." finishes. Then Next is called until it has nothing
// more, and the pieces' texts are compared, joined by bars.
type step struct {
	do   string
	now  Now
	want string
}

var (
	busy    = Now{}
	idle    = Now{Idle: true}
	settled = Now{Idle: true, Settled: true}
)

func TestOpenText(t *testing.T) {
	tests := []struct {
		name  string
		s     Schedule
		apart bool // the vendor doesn't know <spell>
		steps []step
	}{
		{"an idle vendor gets a sentence at once", Schedule{Gather: []int{100}, Max: 200}, false, []step{
			{"+Hi", idle, ""},
			{"+.", idle, ""},
			{"+ How", idle, "Hi."},
			{"+ are you? Fine", busy, ""},
			{"+", idle, " How are you?"},
			{".", busy, " Fine>"},
		}},
		{"a clause once enough is gathered", Schedule{Gather: []int{10, 20}, Max: 200}, false, []step{
			{"+Well, this is", idle, ""}, {"+ it, and", idle, "Well, this is it,"}, {"+ so on, yes", busy, ""}, {"+ or maybe no, I", busy, " and so on, yes or maybe no,"},
		}},
		{"a busy vendor waits for enough, then for a sentence", Schedule{Gather: []int{10}, Max: 200}, false, []step{
			{"+Hi. Yes. ", busy, ""}, {"+Well maybe so", busy, ""}, {"+, yes. No", busy, "Hi. Yes. Well maybe so, yes."},
		}},
		{"settled text ends a sentence", Schedule{Max: 200}, false, []step{
			{"+It is 3.", idle, ""}, {"+14 or so.", idle, ""}, {"+", settled, "It is 3.14 or so."}, {"+ Dr.", settled, ""}, {"+ Who", settled, ""}, {"+.", settled, " Dr. Who."},
		}},
		{"Chinese needs no whitespace", Schedule{Max: 200}, false, []step{{"+你好", idle, ""}, {"+。", idle, "你好。"}, {"+」好,", idle, ""}, {".", idle, "」好,>"}}},
		{"a wide comma may be in a number", Schedule{Max: 200}, false, []step{{"+共1\uff0c", idle, ""}, {"+2\uff0c", idle, ""}, {"+好", idle, "共1\uff0c2\uff0c"}, {"+、", idle, "好、"}, {"+3。", idle, "3。"}}},
		{"a flush speaks everything", Schedule{Gather: []int{100}, Max: 12}, false, []step{
			{"+Hello there, you", busy, "Hello there,"}, {"!", busy, " you"}, {"+. And", busy, ""}, {"!", busy, ". And"}, {"!", busy, ""}, {".", busy, ">"},
		}},
		{"a piece doesn't span a flush", Schedule{Gather: []int{100}, Max: 200}, false, []step{
			{"+One", Now{}, ""}, {"!", busy, "One"}, {"+...", busy, ""}, {"!", busy, ""}, {"+two", busy, ""}, {"!", busy, "...two"}, {".", busy, ">"},
		}},
		{"a spell region is waited for", Schedule{Max: 20}, false, []step{
			{"+Code <sp", settled, ""}, {"+ell>A. B", settled, ""}, {"+. C</sp", settled, ""}, {"+ell>. ", idle, "Code|<spell>A. B. C</spell>"},
		}},
		{"a flush within a spell region holds at its end", Schedule{Gather: []int{100}, Max: 200}, false, []step{
			{"+Code <spell>AB", busy, ""}, {"!", busy, "Code "}, {"+C</spell>", busy, "<spell>ABC</spell>"}, {"+ so", busy, ""},
		}},
		{"the text's end closes a spell region", Schedule{Max: 200}, false, []step{{"+<spell>AB", settled, ""}, {".", busy, "<spell>AB</spell>>"}}},
		{"letters apart", Schedule{Max: 200}, true, []step{{"+Code<spell>A1é</spell>x.", idle, ""}, {".", busy, "Code A 1 é x.>"}}},
		{"letters apart at the end", Schedule{Max: 200}, true, []step{{"+(<spell>A B</spell>)", idle, ""}, {".", busy, "( A B)>"}}},
		{"part of a tag waits", Schedule{Max: 200}, false, []step{{"+One. <", idle, "One."}, {"+3 you. ", idle, " <3 you."}, {"+Two <b", settled, ""}, {".", busy, " Two <b>"}}},
		{"a sentence needs something to speak", Schedule{Max: 200}, false, []step{{"+... ! ? ", settled, ""}, {"+So. ", idle, "... ! ? So."}, {".", idle, ">"}}},
		{"nothing to speak", Schedule{Max: 200}, false, []step{{"+ ?! ", settled, ""}, {"!", settled, ""}, {".", settled, ">"}, {"+", busy, ""}}},
		{"too long", Schedule{Gather: []int{100}, Max: 10}, false, []step{{"+One two three", busy, "One two"}, {"+ four. ", busy, " three"}, {"+x", busy, ""}, {".", busy, " four. x>"}}},
		{"an overlong word", Schedule{Max: 4}, false, []step{{"+abcdefghij", idle, "abcd|efgh"}, {".", idle, "ij>"}}},
		{"abbreviations wait", Schedule{Max: 200}, false, []step{{"+See No.", idle, ""}, {"+ ", idle, ""}, {"+5. ", idle, ""}, {"+Yes", idle, "See No. 5."}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var b Buffer
			c := NewCutter(&b, 0, tt.s, !tt.apart)
			for i, s := range tt.steps {
				apply(&b, s.do)
				if got := drain(c, s.now); got != s.want {
					t.Fatalf("step %d (%s): got %q, want %q", i+1, s.do, got, s.want)
				}
			}
		})
	}
}

func apply(b *Buffer, do string) {
	switch {
	case do == "!":
		b.Flush()
	case do == ".":
		b.Finish()
	default:
		b.Append(do[1:])
	}
}

// drain returns the pieces that now has, with ">" after the last of a text.
func drain(c *Cutter, now Now) string {
	var out []string
	for {
		p, ok := c.Next(now)
		if !ok {
			return strings.Join(out, "|")
		}
		if p.Last {
			p.Text += ">"
		}
		out = append(out, p.Text)
	}
}

func TestUnsettled(t *testing.T) {
	tests := []struct {
		name, text string
		want       bool
	}{
		{"sentence end at the end", "So it is.", true},
		{"with a closer", "“So it is.”", true},
		{"whitespace decides already", "So it is. ", false},
		{"no end", "So it is", false},
		{"a clause", "So it is,", false},
		{"a title", "Ask Dr.", false},
		{"nothing to speak", "...", false},
		{"within spell", "<spell>A.", false},
		{"Chinese is settled", "好。", false},
		{"behind a number", "It is 3.", false},
		{"behind a year", "It was in 1999.", false},
		{"behind an abbreviation", "See No.", false},
		{"behind a word that may be one", "I said no.", true},
		{"behind a number, and closed", "“It is 3.”", true},
		{"an address that has an end", "See www.a.com.", true},
		{"an address that has none", "See www.example.", false},
		{"whitespace behind a price", "It is $3. ", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var b Buffer
			b.Append(tt.text)
			c := NewCutter(&b, 0, Schedule{Gather: []int{100}, Max: 200}, true)
			if got := c.Unsettled(); got != tt.want {
				t.Errorf("Unsettled after %q: got %v, want %v", tt.text, got, tt.want)
			}
		})
	}
}

func TestDone(t *testing.T) {
	var b Buffer
	b.Append("One. ")
	c := NewCutter(&b, 0, Schedule{Max: 200}, true)
	if c.Next(idle); c.Done() {
		t.Error("done while the text is open")
	}
	b.Append("... ")
	b.Finish()
	if !c.Done() {
		t.Error("not done though nothing speakable is left")
	}
	if p, ok := c.Next(idle); !ok || !p.Last || p.Text != "" || p.Start != 4 || p.End != 9 {
		t.Errorf("got %+v, %v, want an empty last piece of 4..9", p, ok)
	}
}

// A takeover starts where the client last heard a word, which may be within a spell region.
func TestCutterFromTheMiddle(t *testing.T) {
	const text = `Say <spell>ABC</spell>. Then <break time="1s"/>go.`
	tests := []struct {
		name              string
		start             int
		spell             bool
		wantStart         int
		wantText, wantTok string
	}{
		{"at a word", 24, true, 24, `Then <break time="1s"/>go.`, "Then"},
		{"within spell", 12, true, 12, `<spell>BC</spell>. Then <break time="1s"/>go.`, "B"},
		{"within spell, apart", 12, false, 12, `B C. Then <break time="1s"/>go.`, "B"},
		{"within the opening tag", 6, true, 11, `<spell>ABC</spell>. Then <break time="1s"/>go.`, "A"},
		{"within the closing tag", 16, true, 22, `. Then <break time="1s"/>go.`, "Then"},
		{"within a tag", 31, true, 47, "go.", "go"},
		{"behind the text", 99, true, 50, "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var b Buffer
			b.Append(text)
			b.Finish()
			c := NewCutter(&b, tt.start, Schedule{Gather: []int{200}, Max: 200}, tt.spell)
			p, ok := c.Next(busy)
			if !ok || !p.Last || p.Start != tt.wantStart || p.End != 50 || p.Text != tt.wantText {
				t.Fatalf("got %+v, %v, want %q from %d", p, ok, tt.wantText, tt.wantStart)
			}
			if toks := p.Tokens(); tt.wantTok != "" && (len(toks) == 0 || toks[0].Text != tt.wantTok) {
				t.Errorf("got tokens %v, want first %q", toks, tt.wantTok)
			}
		})
	}
}

func TestTooMuchToSkip(t *testing.T) {
	noise := strings.Repeat("!", 30)
	for _, tt := range []struct{ name, text, want string }{
		{"before", noise + " hello you", "hello you>"},
		{"after", "hello you" + noise, "hello| you!!!!!!!!!!!!!!!!>"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var b Buffer
			b.Append(tt.text)
			b.Finish()
			c := NewCutter(&b, 0, Schedule{Max: 20}, true)
			if got := drain(c, busy); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestFlushBeforeTheFirstLook(t *testing.T) {
	var b Buffer
	b.Append("One")
	b.Flush()
	b.Append(" two. Three")
	c := NewCutter(&b, 0, Schedule{Max: 200}, true)
	if got, want := drain(c, idle), "One| two."; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// What is left out before a flush doesn't come back after it.
func TestTooMuchBeforeAFlush(t *testing.T) {
	var b Buffer
	b.Append("hello" + strings.Repeat("!", 30))
	b.Flush()
	b.Append(" you")
	b.Finish()
	c := NewCutter(&b, 0, Schedule{Max: 20}, true)
	if got, want := drain(c, busy), "hello!!!!!!!!!!!!!!!| you>"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestNoCutBeforeAMarkOnATag(t *testing.T) {
	var b Buffer
	b.Append("ab<b>\u0301cd<b>ef ")
	s := newScanner(&b, 0, true)
	s.run()
	var got []int
	for _, p := range s.breaks[spaced] {
		got = append(got, p.char)
	}
	if want := []int{2, 8, 11, 13}; !slices.Equal(got, want) {
		t.Errorf("cuts at %v, want %v", got, want)
	}
}

func TestPieceOffset(t *testing.T) {
	var b Buffer
	b.Append("é<spell>AB</spell>z")
	b.Finish()
	p, _ := NewCutter(&b, 0, Schedule{Max: 20}, false).Next(busy)
	if p.Text != "é A B z" {
		t.Fatalf("got %q", p.Text)
	}
	want := []int{0, 1, 8, 9, 9, 10, 18}
	for i, w := range want {
		if got := p.Offset(i); got != w {
			t.Errorf("Offset(%d) = %d, want %d", i, got, w)
		}
	}
}
