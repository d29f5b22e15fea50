package text

import (
	"strings"
	"testing"
)

// leastPieces cuts text that comes by parts, each of which is flushed.
func leastPieces(parts []string, least int, finish bool) (pieces []string) {
	var b Buffer
	c := NewCutter(&b, 0, Schedule{Gather: []int{1}, Max: 100}, true)
	look := func() {
		for {
			p, ok := c.Next(Now{Idle: true, Settled: true, Least: least})
			if !ok {
				return
			}
			pieces = append(pieces, p.Text)
		}
	}
	for _, part := range parts {
		b.Append(part)
		b.Flush()
		look()
	}
	if finish {
		b.Finish()
		look()
	}
	return pieces
}

// What is shorter than a piece must be is joined with what follows, whether it was flushed or is a sentence.
func TestShortPiecesAreJoined(t *testing.T) {
	for _, word := range []string{"ab ", "A. ", "ab, "} {
		parts := strings.Split(strings.Repeat(word+"|", 50), "|")[:50]
		whole := strings.Join(parts, "")
		if got := leastPieces(parts, 0, true); len(got) < 50 {
			t.Errorf("%q: %d pieces without a bound, want one a flush", word, len(got))
		}
		got := leastPieces(parts, 20, true)
		if strings.Join(got, "") != whole {
			t.Errorf("%q is cut into %q", word, got)
		}
		for _, p := range got[:len(got)-1] {
			if len(p) < 20 {
				t.Errorf("%q: a piece %q is shorter than 20", word, p)
			}
		}
		if len(got) < len(whole)/30 {
			t.Errorf("%q: %d pieces of %d characters: they wait for longer than they must", word, len(got), len(whole))
		}
	}
	if got := leastPieces([]string{"ab", "cd"}, 20, false); len(got) != 0 {
		t.Errorf("got %q, want nothing while more may come", got)
	}
	if got := leastPieces([]string{"ab ", "cd"}, 20, true); len(got) != 1 {
		t.Errorf("got %q, want all of a finished text", got)
	}
	if got := leastPieces([]string{strings.Repeat("long ", 60)}, 1000, true); len(got) < 3 {
		t.Errorf("got %q: no bound is more than a piece may have", got)
	}
}

// What was flushed in parts may be one piece, up to the last flush that it has room for.
func TestFlushesAreJoined(t *testing.T) {
	var b Buffer
	for range 10 {
		b.Append("ab ")
		b.Flush()
	}
	b.Append("open")
	c := NewCutter(&b, 0, Schedule{Gather: []int{1}, Max: 20}, true)
	for _, want := range []string{strings.Repeat("ab ", 6), strings.Repeat("ab ", 4)} {
		if p, ok := c.Next(Now{Joined: true}); !ok || p.Text != want {
			t.Errorf("got %q, %v, want %q", p.Text, ok, want)
		}
	}
	if p, ok := c.Next(Now{Joined: true}); ok {
		t.Errorf("got %q, which nobody has flushed", p.Text)
	}
}
