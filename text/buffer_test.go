package text

import (
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

func TestBufferCountsCodePoints(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := strings.Repeat(textOf(drawText(t)), rapid.IntRange(1, 20).Draw(t, "times"))
		var b Buffer
		for _, s := range chunks(t, text) {
			b.Append(s)
		}
		if b.String() != text || b.Len() != utf8.RuneCountInString(text) {
			t.Fatalf("%d code points, want %d", b.Len(), utf8.RuneCountInString(text))
		}
		char := 0
		for at := range text {
			if got := b.index.byteOf(b.text, char); got != at {
				t.Fatalf("code point %d is at byte %d, want %d", char, got, at)
			}
			char++
		}
		if got := b.index.byteOf(b.text, char+1); got != len(text) {
			t.Fatalf("behind the end: byte %d, want %d", got, len(text))
		}
	})
}

func TestBufferTakesNoBrokenBytes(t *testing.T) {
	var b Buffer
	b.Append("a\xffb")
	b.Append("\xe4")
	if got, want := b.String(), "a\uFFFDb\uFFFD"; got != want || b.Len() != 4 {
		t.Errorf("got %q of %d, want %q of 4", got, b.Len(), want)
	}
}

func TestBufferFinished(t *testing.T) {
	var b Buffer
	if b.Finished() {
		t.Error("finished before Finish")
	}
	if b.Finish(); !b.Finished() {
		t.Error("not finished behind Finish")
	}
}
