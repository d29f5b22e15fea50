package upstream

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
)

// Field is a member that ScanFlat looks for.
type Field struct {
	Name string
	// Nested lets the value be an object or a list, too. It is taken by its brackets alone: what reads it must judge it.
	Nested bool
	// Raw is the value as it stands in the JSON, quotes included; nil where there is none. It is part of the
	// scanned bytes, not a copy.
	Raw []byte
}

// Text is the content of a string value, which has no escapes. It reports false for what is no string.
func (f Field) Text() ([]byte, bool) {
	if len(f.Raw) < 2 || f.Raw[0] != '"' {
		return nil, false
	}
	return f.Raw[1 : len(f.Raw)-1], true
}

// Absent reports whether the member is null or left out.
func (f Field) Absent() bool { return f.Raw == nil || string(f.Raw) == "null" }

// Int is a value that is a whole number in int64's range.
func (f Field) Int() (int64, bool) {
	// Digits fit the compiler's stack buffer for conversions, so this does not allocate.
	if len(f.Raw) == 0 || len(f.Raw) > 20 {
		return 0, false
	}
	n, err := strconv.ParseInt(string(f.Raw), 10, 64)
	return n, err == nil
}

// ScanFlat fills fields from a JSON object whose values are all strings without escapes, numbers, true, false or
// null, as vendors' audio frames are, but for fields that may be nested. It reports false for any other bytes, for
// encoding/json to judge: other nested values, escapes, a name that occurs twice among those looked for, what is no
// JSON. It allocates nothing and touches most bytes in vector instructions only. One thing it takes that JSON does
// not: control characters inside of strings. Names match exactly.
func ScanFlat(data []byte, fields []Field) bool {
	for i := range fields {
		fields[i].Raw = nil
	}
	s := scanner{data: data}
	if !s.take('{') {
		return false
	}
	if s.take('}') {
		return s.done()
	}
	for {
		name, ok := s.text()
		if !ok || !s.take(':') {
			return false
		}
		field := find(fields, name[1:len(name)-1])
		value, ok := s.value(field != nil && field.Nested)
		if !ok || field != nil && field.Raw != nil {
			return false // also for a second value
		}
		if field != nil {
			field.Raw = value
		}
		if s.take('}') {
			return s.done()
		}
		if !s.take(',') {
			return false
		}
	}
}

// DecodeFrame fills into from what ScanFlat has left: a text frame that must be a JSON object. Its error is the socket's.
func DecodeFrame(binary bool, data []byte, into any) *Error {
	if binary {
		return GarbledError("the vendor sent a binary frame")
	}
	// encoding/json takes null for an object.
	if !bytes.HasPrefix(bytes.TrimSpace(data), []byte("{")) || json.Unmarshal(data, into) != nil {
		return GarbledError("the vendor sent a frame that is not of its protocol")
	}
	return nil
}

// Base64 is the content of a string that a JSON decoder has read, as a Frame has it: without the line breaks that many
// encoders put into base64. JSON has them escaped, so that no string that ScanFlat takes has any.
func Base64(s string) []byte {
	if !strings.ContainsAny(s, "\r\n") {
		return []byte(s)
	}
	return []byte(lineBreaks.Replace(s))
}

var lineBreaks = strings.NewReplacer("\r", "", "\n", "")

// find is the field of that name, or nil.
func find(fields []Field, name []byte) *Field {
	for i := range fields {
		if string(name) == fields[i].Name {
			return &fields[i]
		}
	}
	return nil
}

// scanner is a place in the bytes.
type scanner struct {
	data []byte
	pos  int
}

// space skips white space.
func (s *scanner) space() {
	for s.pos < len(s.data) {
		switch s.data[s.pos] {
		case ' ', '\t', '\n', '\r':
			s.pos++
		default:
			return
		}
	}
}

// take skips c, with white space before it, and reports whether it was there.
func (s *scanner) take(c byte) bool {
	s.space()
	if s.pos < len(s.data) && s.data[s.pos] == c {
		s.pos++
		return true
	}
	return false
}

// done reports whether nothing but white space is left.
func (s *scanner) done() bool {
	s.space()
	return s.pos == len(s.data)
}

// text takes a string without escapes, with its quotes.
func (s *scanner) text() ([]byte, bool) {
	if !s.take('"') {
		return nil, false
	}
	start := s.pos - 1
	n := bytes.IndexByte(s.data[s.pos:], '"')
	if n < 0 || bytes.IndexByte(s.data[s.pos:s.pos+n], '\\') >= 0 {
		return nil, false
	}
	s.pos += n + 1
	return s.data[start:s.pos:s.pos], true
}

// value takes a scalar, or what is nested, where that may be.
func (s *scanner) value(nested bool) ([]byte, bool) {
	s.space()
	if s.pos == len(s.data) {
		return nil, false
	}
	switch s.data[s.pos] {
	case '"':
		return s.text()
	case 't':
		return s.literal("true")
	case 'f':
		return s.literal("false")
	case 'n':
		return s.literal("null")
	case '{', '[':
		return s.brackets(nested)
	}
	return s.number()
}

// brackets takes an object or a list to its end, whatever is in it.
func (s *scanner) brackets(may bool) ([]byte, bool) {
	start, depth := s.pos, 0
	for may && s.pos < len(s.data) {
		c := s.data[s.pos]
		s.pos++
		switch c {
		case '"':
			s.quoted()
		case '{', '[':
			depth++
		case '}', ']':
			depth--
		}
		if depth == 0 {
			return s.data[start:s.pos:s.pos], true
		}
	}
	return nil, false
}

// quoted skips the rest of a string, to the end of the data where it has none. Most have no escapes, such as audio, and are
// not looked at byte by byte.
func (s *scanner) quoted() {
	rest := s.data[s.pos:]
	if n := bytes.IndexByte(rest, '"'); n >= 0 && bytes.IndexByte(rest[:n], '\\') < 0 {
		s.pos += n + 1
		return
	}
	for ; s.pos < len(s.data); s.pos++ {
		switch s.data[s.pos] {
		case '"':
			s.pos++
			return
		case '\\':
			s.pos++ // what is escaped ends no string
		}
	}
	s.pos = len(s.data)
}

func (s *scanner) literal(word string) ([]byte, bool) {
	end := s.pos + len(word)
	if end > len(s.data) || string(s.data[s.pos:end]) != word {
		return nil, false
	}
	value := s.data[s.pos:end:end]
	s.pos = end
	return value, true
}

// number takes a JSON number: -? (0 | [1-9][0-9]*) (. [0-9]+)? ([eE] [+-]? [0-9]+)?
func (s *scanner) number() ([]byte, bool) {
	start := s.pos
	s.one("-")
	if !s.one("0") && s.digits() == 0 {
		return nil, false
	}
	if s.one(".") && s.digits() == 0 {
		return nil, false
	}
	if s.one("eE") {
		s.one("+-")
		if s.digits() == 0 {
			return nil, false
		}
	}
	return s.data[start:s.pos:s.pos], true
}

// one skips a byte that is one of set.
func (s *scanner) one(set string) bool {
	if s.pos == len(s.data) {
		return false
	}
	for i := range len(set) {
		if s.data[s.pos] == set[i] {
			s.pos++
			return true
		}
	}
	return false
}

// digits skips digits and counts them.
func (s *scanner) digits() int {
	start := s.pos
	for s.pos < len(s.data) && s.data[s.pos] >= '0' && s.data[s.pos] <= '9' {
		s.pos++
	}
	return s.pos - start
}
