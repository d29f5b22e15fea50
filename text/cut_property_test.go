package text

import (
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/clipperhouse/uax29/v2/graphemes"
	"pgregory.net/rapid"
)

// A taker takes pieces and checks what holds for each alone.
type taker struct {
	t     *rapid.T
	parts []part
	s     Schedule
	spell bool

	runes []rune // of the whole text
	edges map[int]bool
	free  map[int]bool // flush marks: cuts whatever follows
	at    int
	last  bool
}

func newTaker(t *rapid.T, parts []part, s Schedule, spell bool) *taker {
	text := textOf(parts)
	k := &taker{t: t, parts: parts, s: s, spell: spell, runes: []rune(text), edges: map[int]bool{0: true}, free: map[int]bool{}}
	// Clusters are those of the text between tags: what follows a tag never joins it.
	at := 0
	tagged(text, false, func(from, to int, kind stretch) {
		for it := graphemes.FromString(text[from:to]); it.Next(); {
			at += utf8.RuneCountInString(it.Value())
			k.edges[at] = kind != spellText
		}
		k.edges[at] = true
	})
	return k
}

func (k *taker) take(c *Cutter, b *Buffer, now Now) {
	for {
		unsettled := c.Unsettled()
		p, ok := c.Next(now)
		if !ok {
			if unsettled && now.Idle && now.Settled {
				k.t.Fatalf("Unsettled, but a settled Next gives nothing")
			}
			return
		}
		k.piece(p, b)
	}
}

func (k *taker) piece(p Piece, b *Buffer) {
	t := k.t
	if k.last {
		t.Fatalf("piece %+v behind the last", p)
	}
	if p.Start != k.at || p.End < p.Start || p.End > b.Len() {
		t.Fatalf("span %d..%d behind %d of %d", p.Start, p.End, k.at, b.Len())
	}
	if p.Last != (b.Finished() && !Speakable(string(k.runes[p.End:])) || p.Last && p.End == len(k.runes)) {
		t.Fatalf("Last is %v at %d of %d", p.Last, p.End, len(k.runes))
	}
	if !Speakable(p.Text) && (p.Text != "" || !p.Last) {
		t.Fatalf("nothing to speak in %q", p.Text)
	}
	k.at, k.last = p.End, p.Last
	k.cut(p.End, b.Len())
	k.length(p)
	k.flushed(p)
	k.text(p)
}

// cut checks that a cut divides nothing that was there to be seen when it was made: text was known up to end only.
func (k *taker) cut(at, end int) {
	if k.blind(at, end) {
		return
	}
	if p, solid := solidAt(k.parts, at, k.free); solid {
		k.t.Fatalf("cut at %d divides %q", at, p.text)
	}
	if !k.edges[at] {
		k.t.Fatalf("cut at %d divides a cluster: %q", at, string(k.runes[max(0, at-3):min(len(k.runes), at+3)]))
	}
}

// blind reports whether nothing but whitespace was known after a cut, or to be looked at, for a flush.
func (k *taker) blind(at, end int) bool {
	for ; at < end; at++ {
		if k.free[at] {
			return true
		}
		if !unicode.IsSpace(k.runes[at]) {
			return false
		}
	}
	return true
}

// flushed checks that no piece goes on after a flush, unless it has nothing to speak before or after it, or the flush
// lies within a tag or region.
func (k *taker) flushed(p Piece) {
	for at := p.Start + 1; at < p.End; at++ {
		in, _ := solidAt(k.parts, at, nil)
		if k.free[at] && !strings.ContainsAny(in.text, "<[") && Speakable(string(k.runes[p.Start:at])) && Speakable(string(k.runes[at:p.End])) {
			k.t.Fatalf("piece %d..%d goes on behind the flush at %d", p.Start, p.End, at)
		}
	}
}

func (k *taker) length(p Piece) {
	if n := utf8.RuneCountInString(p.Text); n > k.s.Max && !strings.Contains(string(k.runes[p.Start:p.End]), openSpell) {
		k.t.Fatalf("piece of %d characters, at most %d: %q", n, k.s.Max, p.Text)
	}
}

// text checks that what is sent comes from the client's text, in order.
func (k *taker) text(p Piece) {
	sent, char := []rune(p.Text), p.Start
	for i, r := range sent {
		from := p.Offset(i)
		if from < char || from > p.End {
			k.t.Fatalf("offset %d of %q is %d, behind %d", i, p.Text, from, char)
		}
		char = from
		if unicode.IsLetter(r) && !strings.Contains(closeSpell, string(r)) && k.runes[from] != r {
			k.t.Fatalf("%q at %d of %q, the client sent %q", r, i, p.Text, k.runes[from])
		}
	}
}

func (k *taker) end(c *Cutter) {
	if !k.last || k.at != len(k.runes) || !c.Done() {
		k.t.Fatalf("ended at %d of %d, last %v, done %v", k.at, len(k.runes), k.last, c.Done())
	}
}

func TestPiecesCoverFinishedText(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		parts := drawText(t)
		k := newTaker(t, parts, drawSchedule(t), rapid.Bool().Draw(t, "spell"))
		var b Buffer
		b.Append(string(k.runes))
		b.Finish()
		c := NewCutter(&b, 0, k.s, k.spell)
		k.take(c, &b, Now{})
		k.end(c)
	})
}

func TestPiecesCoverTextThatComesInChunks(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		parts := drawText(t)
		k := newTaker(t, parts, drawSchedule(t), rapid.Bool().Draw(t, "spell"))
		var b Buffer
		c := NewCutter(&b, 0, k.s, k.spell)
		for _, s := range chunks(t, string(k.runes)) {
			b.Append(s)
			if rapid.IntRange(0, 9).Draw(t, "flush") == 0 {
				b.Flush()
				k.free[b.Len()] = true
			}
			if rapid.Bool().Draw(t, "take") {
				k.take(c, &b, Now{Idle: rapid.Bool().Draw(t, "idle"), Settled: rapid.Bool().Draw(t, "settled")})
			}
		}
		b.Finish()
		k.take(c, &b, Now{})
		k.end(c)
	})
}

// What is judged while the text comes is what would be judged with all of it at hand.
func TestChunksChangeNoBoundary(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := textOf(drawText(t))
		var whole, grown Buffer
		whole.Append(text)
		whole.Finish()
		want := newScanner(&whole, 0, true)
		want.run()
		got := newScanner(&grown, 0, true)
		for _, s := range chunks(t, text) {
			grown.Append(s)
			got.run()
		}
		grown.Finish()
		got.run()
		for kind := range strengths {
			if !slices.Equal(got.breaks[kind], want.breaks[kind]) {
				t.Fatalf("cuts of strength %d in %q:\n got %v\nwant %v", kind, text, got.breaks[kind], want.breaks[kind])
			}
		}
		if got.head != want.head || !slices.Equal(got.atoms, want.atoms) {
			t.Fatalf("head %v, want %v", got.head, want.head)
		}
	})
}

// The words of the pieces are the words of the text, also from the middle of it.
func TestPiecesHaveTheWordsOfTheText(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := textOf(drawText(t))
		var b Buffer
		b.Append(text)
		b.Finish()
		want, start := Tokens(text, 0), 0
		if n := len(want); n > 0 {
			first := rapid.IntRange(0, n-1).Draw(t, "first word")
			want, start = want[first:], want[first].Start
		}
		c := NewCutter(&b, start, Schedule{Gather: []int{20}, Max: 400}, rapid.Bool().Draw(t, "spell"))
		var got []Token
		for {
			p, ok := c.Next(Now{})
			if !ok {
				break
			}
			got = append(got, p.Tokens()...)
		}
		if !slices.Equal(got, want) {
			t.Fatalf("words of %q from %d\n got %v\nwant %v", text, start, got, want)
		}
	})
}
