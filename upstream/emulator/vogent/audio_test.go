package vogent

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"voicerelay/upstream/emulator/engine"
	"voicerelay/upstream/emulator/voice"
)

// pieces are twelve words, in pieces that part a word.
var pieces = []string{"The quick bro", "wn fox jumps. Over a la", "zy dog, near", " our house."}

// Each rate of the list, with chunks that end in the middle of a sample and with whole ones: every word is heard.
func TestVogentSpeaksEveryWordAtEachRate(t *testing.T) {
	want := voice.Words(strings.Join(pieces, ""))
	if len(want) != 12 {
		t.Fatalf("%d words", len(want))
	}
	tests := map[int][]string{
		8000: nil, 16000: nil, 22050: nil, 24000: nil, 48000: nil,
		41500: {"rate44:41500"}, 44100: {"rate44:44100"},
	}
	for rate, quirks := range tests {
		for _, odd := range []bool{false, true} {
			t.Run(fmt.Sprint(rate, odd), func(t *testing.T) {
				t.Parallel()
				c := talk(t, engine.Options{}, append(slices.Clone(quirks), fmt.Sprintf("oddChunks:%t", odd))...)
				for i, piece := range pieces {
					c.send("g", piece, i == len(pieces)-1, engine.Object{"sampleRate": rate})
				}
				all := c.until("g")
				if first := chunks(t, all, "g")[0]; len(first)%2 == 1 != odd {
					t.Errorf("a chunk of %d bytes, want odd: %t", len(first), odd)
				}
				got, err := voice.Decode(samples(t, all, "g"), rate, want)
				if err != nil || !slices.Equal(got, want) {
					t.Errorf("heard %q, %v, want %q", got, err, want)
				}
			})
		}
	}
}

// Two generations on one socket are heard each at its own rate.
func TestVogentKeepsGenerationsApart(t *testing.T) {
	t.Parallel()
	c := talk(t, engine.Options{Pace: 20})
	c.send("a", "The quick", false, engine.Object{"sampleRate": 8000})
	c.send("b", "Lazy dog", false, engine.Object{"sampleRate": 16000})
	c.send("a", " brown fox.", true, nil)
	c.send("b", " near our house.", true, nil)
	all := c.until("a")
	if !slices.ContainsFunc(all, func(o engine.Object) bool { return o["generationId"] == "b" && o["type"] == "finished" }) {
		all = append(all, c.until("b")...)
	}
	for id, rate := range map[string]int{"a": 8000, "b": 16000} {
		want := map[string][]string{"a": {"The", "quick", "brown", "fox"}, "b": {"Lazy", "dog", "near", "our", "house"}}[id]
		if got, err := voice.Decode(samples(t, all, id), rate, want); err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: heard %q, %v, want %q", id, got, err, want)
		}
	}
}
