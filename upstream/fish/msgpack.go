package fish

import (
	"encoding/binary"
	"math"
)

// kind is what a MessagePack value is.
type kind int

const (
	kindNil kind = iota
	kindBool
	kindNumber
	kindText
	kindBytes
	kindList
	kindMap
	kindOther // an extension
)

// head is a value's beginning: how many bytes or members follow, or what number it is.
type head struct {
	kind   kind
	size   int
	number float64
}

// scanner is a place in MessagePack bytes. It copies nothing and allocates nothing, which the frames of audio need; what is
// rare is read by the library.
type scanner struct {
	data []byte
	pos  int
}

// take takes n bytes.
func (s *scanner) take(n int) ([]byte, bool) {
	if n < 0 || n > len(s.data)-s.pos {
		return nil, false
	}
	part := s.data[s.pos : s.pos+n : s.pos+n]
	s.pos += n
	return part, true
}

// length takes a big-endian number of so many bytes.
func (s *scanner) length(width int) (uint64, bool) {
	var wide [8]byte
	part, ok := s.take(width)
	copy(wide[8-len(part):], part)
	return binary.BigEndian.Uint64(wide[:]), ok
}

// head takes a value's beginning (the specification's formats, in their order).
func (s *scanner) head() (h head, ok bool) {
	first, ok := s.take(1)
	if !ok {
		return h, false
	}
	switch b := first[0]; {
	case b <= 0x7f:
		return head{kind: kindNumber, number: float64(b)}, true
	case b <= 0x8f:
		return head{kind: kindMap, size: int(b & 0xf)}, true
	case b <= 0x9f:
		return head{kind: kindList, size: int(b & 0xf)}, true
	case b <= 0xbf:
		return head{kind: kindText, size: int(b & 0x1f)}, true
	case b >= 0xe0:
		return head{kind: kindNumber, number: float64(int8(b))}, true
	case b == 0xc0:
		return head{kind: kindNil}, true
	case b == 0xc2, b == 0xc3:
		return head{kind: kindBool}, true
	case b >= 0xca && b <= 0xd3:
		return s.number(b)
	default:
		return s.sized(b)
	}
}

// number takes a number of more than a byte.
func (s *scanner) number(b byte) (h head, ok bool) {
	h.kind = kindNumber
	switch b {
	case 0xca:
		n, ok := s.length(4)
		h.number = float64(math.Float32frombits(uint32(n)))
		return h, ok
	case 0xcb:
		n, ok := s.length(8)
		h.number = math.Float64frombits(n)
		return h, ok
	}
	if b <= 0xcf {
		n, ok := s.length(1 << (b - 0xcc))
		h.number = float64(n)
		return h, ok
	}
	width := 1 << (b - 0xd0)
	n, ok := s.length(width)
	shift := 64 - 8*width
	h.number = float64(int64(n<<shift) >> shift)
	return h, ok
}

// sized takes the beginning of what says how long it is. 0xc1 is none.
func (s *scanner) sized(b byte) (h head, ok bool) {
	extra, width := 0, 0
	switch b {
	case 0xc4, 0xc5, 0xc6:
		h.kind, width = kindBytes, 1<<(b-0xc4)
	case 0xc7, 0xc8, 0xc9:
		h.kind, width, extra = kindOther, 1<<(b-0xc7), 1 // its type
	case 0xd4, 0xd5, 0xd6, 0xd7, 0xd8:
		return head{kind: kindOther, size: 1<<(b-0xd4) + 1}, true
	case 0xd9, 0xda, 0xdb:
		h.kind, width = kindText, 1<<(b-0xd9)
	case 0xdc, 0xdd:
		h.kind, width = kindList, 2<<(b-0xdc)
	case 0xde, 0xdf:
		h.kind, width = kindMap, 2<<(b-0xde)
	default:
		return h, false
	}
	n, ok := s.length(width)
	h.size = int(n) + extra
	return h, ok
}

// text takes a string.
func (s *scanner) text() ([]byte, bool) {
	h, ok := s.head()
	if !ok || h.kind != kindText {
		return nil, false
	}
	return s.take(h.size)
}

// value takes any value to its end: its beginning, its content where it is a string or bytes, and all of it.
func (s *scanner) value() (h head, content, all []byte, ok bool) {
	start := s.pos
	if h, ok = s.head(); !ok {
		return h, nil, nil, false
	}
	open, next := 0, h
	for {
		switch next.kind {
		case kindText, kindBytes, kindOther:
			if content, ok = s.take(next.size); !ok {
				return h, nil, nil, false
			}
		case kindList:
			open += next.size
		case kindMap:
			open += 2 * next.size
		}
		if open == 0 {
			return h, content, s.data[start:s.pos:s.pos], true
		}
		open--
		if next, ok = s.head(); !ok { // which takes a byte at least, so it ends whatever sizes are told
			return h, nil, nil, false
		}
	}
}
