package speech

import (
	"strings"
	"testing"
	"time"

	"voicerelay/relay/relaytest"
	"voicerelay/upstream"
)

// TestFloodsAreGarbled: what a vendor says besides speech is bounded by the text that it was given.
func TestFloodsAreGarbled(t *testing.T) {
	word := func(text string) func(*Speech) error {
		at := time.Duration(0)
		return func(s *Speech) error { // at a time that may be true
			at += 300 * time.Millisecond
			return s.Words([]upstream.Word{{Text: text, Start: at - 300*time.Millisecond, End: at, Score: -1}})
		}
	}
	for name, c := range map[string]struct {
		flood func(*Speech) error
		least int // that is borne
		most  int
	}{
		"words that are not in the text": {word("other"), 4*2 + 64, 4*2 + 64},
		"words that are":                 {word("there"), 4*2 + 64, 4*2 + 64},
		"words without a letter":         {word(""), 4*2 + 64, 4*2 + 64},
		"words without a length":         {func(s *Speech) error { return s.Words([]upstream.Word{{Text: "there", Score: -1}}) }, 4*2 + 64, 4*2 + 64},
		"a long word":                    {word(strings.Repeat("x", 1<<20)), 0, 0},
		"single samples":                 {func(s *Speech) error { return s.Arrived(relaytest.FakeFormat, 2, time.Now()) }, framesSlack, framesSlack + framesSlack/10},
		"halves of samples":              {func(s *Speech) error { return s.Arrived(relaytest.FakeFormat, 1, time.Now()) }, framesSlack, framesSlack + framesSlack/10},
	} {
		t.Run(name, func(t *testing.T) {
			s := begun(relaytest.NewFake().Caps, "Hello there.")
			order(s)
			borne := 0
			err := c.flood(s)
			for ; err == nil && borne < c.most; err = c.flood(s) {
				borne++
			}
			if upstream.KindOf(err) != upstream.Garbled || borne < c.least {
				t.Errorf("got %v after %d, want garbled after %d to %d", err, borne, c.least, c.most)
			}
		})
	}
}

// Short frames are borne for as long as there is text.
func TestShortFramesAreAccepted(t *testing.T) {
	s := begun(relaytest.NewFake().Caps, strings.Repeat("And so on. ", 200))
	order(s)
	for range framesSlack * 3 / 2 {
		if err := s.Arrived(relaytest.FakeFormat, 96, time.Now()); err != nil { // 2 ms
			t.Fatalf("the speech ended: %v", err)
		}
	}
}
