package relay

import (
	"strings"
	"testing"
	"time"

	"voicerelay/relay/relaytest"
	"voicerelay/upstream"
)

// TestFloodsAreGarbled: what a vendor says besides speech is bounded by the text that it was given.
func TestFloodsAreGarbled(t *testing.T) {
	word := func(text string) func(*attempt) {
		at := time.Duration(0)
		return func(a *attempt) { // at a time that may be true
			a.Words([]upstream.Word{{Text: text, Start: at, End: at + 300*time.Millisecond, Score: -1}})
			at += 300 * time.Millisecond
		}
	}
	for name, c := range map[string]struct {
		flood func(*attempt)
		least int // that is borne
		most  int
	}{
		"words that are not in the text": {word("other"), 4*2 + 64, 4*2 + 64},
		"words that are":                 {word("there"), 4*2 + 64, 4*2 + 64},
		"words without a letter":         {word(""), 4*2 + 64, 4*2 + 64},
		"words without a length":         {func(a *attempt) { a.Words([]upstream.Word{{Text: "there", Score: -1}}) }, 4*2 + 64, 4*2 + 64},
		"a long word":                    {word(strings.Repeat("x", 1<<20)), 0, 0},
		"single samples": {func(a *attempt) {
			a.Audio(upstream.Frame{Format: relaytest.FakeFormat, Raw: []byte{1, 0}})
		}, framesSlack, framesSlack + framesSlack/10},
		"halves of samples": {func(a *attempt) {
			a.Audio(upstream.Frame{Format: relaytest.FakeFormat, Base64: []byte("AA==")})
		}, framesSlack, framesSlack + framesSlack/10},
	} {
		t.Run(name, func(t *testing.T) {
			a := stage{vendor: relaytest.NewFake(), text: "Hello there.", output: relaytest.FakeFormat, rivals: 1}.attempt(t)
			ordered(a)
			borne := 0
			for !a.outcome.over() && borne <= c.most {
				c.flood(a)
				drain(a.g.client.Out)
				borne++
			}
			if borne--; upstream.KindOf(a.outcome.err) != upstream.Garbled || borne < c.least {
				t.Errorf("got %v after %d, want garbled after %d to %d", a.outcome.err, borne, c.least, c.most)
			}
		})
	}
}

// Short frames are borne for as long as there is text.
func TestShortFramesAreAccepted(t *testing.T) {
	a := stage{vendor: relaytest.NewFake(), text: strings.Repeat("And so on. ", 200), output: relaytest.FakeFormat}.attempt(t)
	ordered(a)
	for range framesSlack * 3 / 2 {
		a.Audio(upstream.Frame{Format: relaytest.FakeFormat, Raw: make([]byte, 96)}) // 2 ms
		drain(a.g.client.Out)
	}
	if a.outcome.over() {
		t.Errorf("the attempt ended: %v", a.outcome.err)
	}
}
