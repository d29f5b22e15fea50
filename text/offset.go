package text

import "unicode/utf8"

// stride is the number of code points between two entries of an index: 1 % of memory, and a walk of at
// most stride-1 code points for a conversion.
const stride = 128

// index converts offsets in code points to offsets in bytes of a text that only grows.
type index struct {
	chars, bytes int
	every        []int // every[i]: byte offset of code point (i+1)*stride
}

// add takes note of s, which follows what was added before. s must be valid UTF-8.
func (x *index) add(s string) {
	for i := range s {
		if x.chars > 0 && x.chars%stride == 0 {
			x.every = append(x.every, x.bytes+i)
		}
		x.chars++
	}
	x.bytes += len(s)
}

// byteOf returns where code point char begins in text, the text that was added. An offset outside of
// the text gives its nearest end.
func (x *index) byteOf(text []byte, char int) int {
	if char <= 0 {
		return 0
	}
	if char >= x.chars {
		return x.bytes
	}
	at, left := 0, char
	if i := char / stride; i > 0 {
		at, left = x.every[i-1], char%stride
	}
	for range left {
		_, n := utf8.DecodeRune(text[at:])
		at += n
	}
	return at
}
