package text

import (
	"strings"
	"unicode/utf8"
)

// Buffer is the text of one generation as the client sends it. Not safe for concurrent use.
type Buffer struct {
	text     []byte
	index    index
	marks    []int // byte offsets after which the client asked for speech, ascending
	finished bool
}

// Append adds text after what is there. Bytes that are no UTF-8 become U+FFFD, so that offsets are the
// same however the text was divided.
func (b *Buffer) Append(s string) {
	if !utf8.ValidString(s) {
		s = strings.ToValidUTF8(s, "\uFFFD")
	}
	b.text = append(b.text, s...)
	b.index.add(s)
}

// Flush marks that everything buffered so far is to be spoken now.
func (b *Buffer) Flush() {
	if n := len(b.marks); len(b.text) == 0 || n > 0 && b.marks[n-1] == len(b.text) {
		return
	}
	b.marks = append(b.marks, len(b.text))
}

// Finish says that no more text comes. Text appended after it has no defined effect on pieces.
func (b *Buffer) Finish() { b.finished = true }

// Finished reports whether Finish was called.
func (b *Buffer) Finished() bool { return b.finished }

// Len is the number of code points so far.
func (b *Buffer) Len() int { return b.index.chars }

// String is the whole text so far; it is copied.
func (b *Buffer) String() string { return string(b.text) }
