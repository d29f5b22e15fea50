package text

import (
	"strings"
	"testing"
)

// Waiting for more text costs nothing, however often it is looked for: appends come by the token.
func TestLookingForAPieceAllocatesNothing(t *testing.T) {
	var b Buffer
	b.Append(prose)
	c := NewCutter(&b, 0, Schedule{Gather: []int{1000}, Max: 1000}, true)
	look := func() {
		if _, ok := c.Next(Now{}); ok {
			t.Fatal("a piece before enough was gathered")
		}
		c.Unsettled()
	}
	look() // reads what is there
	if got := testing.AllocsPerRun(100, look); got != 0 {
		t.Errorf("got %v allocations, want 0", got)
	}
}

// A text costs some 40 allocations a piece, and the doubling of its buffer.
func TestCuttingAllocatesByThePiece(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector changes what escapes")
	}
	tokens := llmTokens(prose, 10_000)
	schedule, pieces := Schedule{Gather: []int{40, 100, 200}, Max: 400}, 0
	got := testing.AllocsPerRun(5, func() { pieces = grow(tokens, schedule, Now{}) })
	if most := 1856.0; got > most || pieces == 0 {
		t.Errorf("got %v allocations for %d tokens and %d pieces, want at most %v", got, len(tokens), pieces, most)
	}
}

// A piece's words are found once, and each spoken word is compared with them.
func TestAligningAllocatesByTheWord(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector changes what escapes")
	}
	p := pieceOf(strings.Repeat("So they said that all of it was well. ", 5))
	words := speak(strings.Repeat("so they said that all of it was well ", 5))
	given := 0
	got := testing.AllocsPerRun(50, func() {
		a := NewAligner(p)
		given = 0
		for i := range words {
			given += len(a.Add(words[i : i+1]))
		}
		given += len(a.Finish())
	})
	if most := 156.0; got > most || given != len(words) {
		t.Errorf("got %v allocations for %d words, of which %d were given, want at most %v", got, len(words), given, most)
	}
}
