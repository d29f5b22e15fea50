package plain

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

const (
	// maxDepth is how deep a body may nest: a call's history with its tools is some ten levels deep.
	maxDepth = 64
	// maxScalar bounds a number and the name of a field in bytes. None that is looked for is near it.
	maxScalar = 1024
	// readAhead is how much of a body is in memory at once, beside the fields that are kept.
	readAhead = 4 << 10
)

// read reads a JSON object to its end and keeps the values of some fields.
func (f *field) read(r io.Reader) (values, error) {
	s := &scanner{in: bufio.NewReaderSize(r, readAhead), kept: make(values)}
	first, err := s.token()
	switch {
	case err != nil:
		return nil, err
	case first != '{':
		return nil, errMalformed
	}
	if err := s.object(f, 1); err != nil {
		return nil, err
	}
	if _, err := s.next(); !errors.Is(err, io.EOF) {
		if err == nil {
			err = errMalformed
		}
		return nil, err
	}
	return s.kept, nil
}

// scanner reads JSON without keeping it. The decoder of encoding/json does not do for this: it holds each string in memory, however
// long and whether it is looked for or not, where a body may have many MiB.
type scanner struct {
	in      *bufio.Reader
	kept    values
	scratch []byte
}

// next is the next byte that is no space.
func (s *scanner) next() (byte, error) {
	for {
		c, err := s.in.ReadByte()
		if err != nil || c != ' ' && c != '\t' && c != '\n' && c != '\r' {
			return c, err
		}
	}
}

// token is next within a value, where the end of the body makes it malformed.
func (s *scanner) token() (byte, error) {
	c, err := s.next()
	return c, unended(err)
}

// byte is the next byte within a value.
func (s *scanner) byte() (byte, error) {
	c, err := s.in.ReadByte()
	return c, unended(err)
}

// unended has a body that ends too early be malformed. One that breaks off is another error.
func unended(err error) error {
	if errors.Is(err, io.EOF) {
		return errMalformed
	}
	return err
}

// object reads an object behind its brace. f is nil where nothing in it is looked for.
func (s *scanner) object(f *field, depth int) error {
	return s.list('}', depth, func(first byte) error {
		if first != '"' {
			return errMalformed
		}
		return s.member(f, depth)
	})
}

// array reads an array behind its bracket, in which nothing is looked for.
func (s *scanner) array(depth int) error {
	return s.list(']', depth, func(first byte) error { return s.value(first, nil, depth) })
}

// list reads items with commas between them, up to the bracket that ends them. item reads the rest of one.
func (s *scanner) list(end byte, depth int, item func(first byte) error) error {
	if depth > maxDepth {
		return errMalformed
	}
	c, err := s.token()
	if err != nil || c == end {
		return err
	}
	for {
		if err = item(c); err != nil {
			return err
		}
		switch c, err = s.token(); {
		case err != nil || c == end:
			return err
		case c != ',':
			return errMalformed
		}
		if c, err = s.token(); err != nil {
			return err
		}
	}
}

// member reads a name behind its quote, and its value.
func (s *scanner) member(f *field, depth int) error {
	most := nothing
	if f != nil && f.inner != nil {
		most = maxScalar
	}
	name, whole, err := s.text(most)
	if err != nil {
		return err
	}
	var inner *field
	if whole {
		inner = f.inner[name]
	}
	c, err := s.token()
	if err != nil {
		return err
	}
	if c != ':' {
		return errMalformed
	}
	if c, err = s.token(); err != nil {
		return err
	}
	return s.value(c, inner, depth)
}

// value reads a value that begins with c.
func (s *scanner) value(c byte, f *field, depth int) error {
	wanted := f != nil && f.most > 0
	switch {
	case wanted && !f.optional && (c == '{' || c == '['):
		return &fieldError{f.path, "must be text or a number"}
	case c == '{':
		return s.object(f, depth+1)
	case c == '[':
		return s.array(depth + 1)
	case c == '"' && wanted:
		return s.keepText(f)
	case c == '"':
		_, _, err := s.text(nothing)
		return err
	}
	err := s.literal(c)
	if err == nil && wanted {
		s.keep(f, value{text: string(s.scratch)})
	}
	return err
}

// keepText reads a string behind its quote, for a field.
func (s *scanner) keepText(f *field) error {
	text, whole, err := s.text(f.most)
	switch {
	case err != nil:
		return err
	case whole:
		s.keep(f, value{text: text, quoted: true})
	case !f.optional:
		return &fieldError{f.path, fmt.Sprintf("has over %d bytes", f.most)}
	}
	return nil
}

func (s *scanner) keep(f *field, v value) {
	if !v.quoted && v.text == "null" {
		delete(s.kept, f.path)
		return
	}
	s.kept[f.path] = v
}

// literal reads a number, true, false or null, of which c is the first byte, into scratch.
func (s *scanner) literal(c byte) error {
	s.scratch = append(s.scratch[:0], c)
	for {
		c, err := s.byte()
		if err != nil {
			return err
		}
		if !isLiteral(c) {
			break
		}
		if s.scratch = append(s.scratch, c); len(s.scratch) > maxScalar {
			return errMalformed
		}
	}
	if !json.Valid(s.scratch) {
		return errMalformed
	}
	return s.in.UnreadByte()
}

func isLiteral(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c == '-' || c == '+' || c == '.' || c == 'E'
}

// nothing has text keep no string, not even an empty one.
const nothing = -1

// text reads a string behind its quote; whole: false where it has more bytes than that, and is not kept.
func (s *scanner) text(most int) (text string, whole bool, err error) {
	s.scratch = s.scratch[:0]
	for {
		c, err := s.byte()
		switch {
		case err != nil:
			return "", false, err
		case c == '"' && len(s.scratch) > most:
			return "", false, nil
		case c == '"' && !utf8.Valid(s.scratch):
			return "", false, errMalformed
		case c == '"':
			return string(s.scratch), true, nil
		case c < ' ':
			return "", false, errMalformed
		case c == '\\':
			r, err := s.character()
			if err != nil {
				return "", false, err
			}
			s.scratch = utf8.AppendRune(s.scratch, r)
		default:
			s.scratch = append(s.scratch, c)
		}
		s.scratch = s.scratch[:min(len(s.scratch), most+1)] // one byte too many tells that it is not whole
	}
}

// character reads a character behind its backslash: of two escapes, where they are a pair. A half of a pair alone is U+FFFD.
func (s *scanner) character() (rune, error) {
	r, err := s.escape()
	if err != nil || !utf16.IsSurrogate(r) {
		return r, err
	}
	ahead, err := s.in.Peek(2)
	if err != nil || ahead[0] != '\\' || ahead[1] != 'u' {
		return utf8.RuneError, nil // whatever is wrong comes up where it is read
	}
	if ahead, err = s.in.Peek(6); err != nil {
		return utf8.RuneError, nil // likewise
	}
	low, err := strconv.ParseUint(string(ahead[2:]), 16, 16)
	pair := utf16.DecodeRune(r, rune(low))
	if err != nil || pair == utf8.RuneError {
		return utf8.RuneError, nil // the other is read by itself
	}
	_, err = s.in.Discard(6)
	return pair, err
}

// escapes are the characters of two bytes.
var escapes = map[byte]rune{'"': '"', '\\': '\\', '/': '/', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t'}

// escape reads an escape behind its backslash.
func (s *scanner) escape() (rune, error) {
	c, err := s.byte()
	if err != nil {
		return 0, err
	}
	if r, ok := escapes[c]; ok {
		return r, nil
	}
	if c != 'u' {
		return 0, errMalformed
	}
	var digits [4]byte
	for i := range digits {
		if digits[i], err = s.byte(); err != nil {
			return 0, err
		}
	}
	unit, err := strconv.ParseUint(string(digits[:]), 16, 16)
	if err != nil {
		return 0, errMalformed
	}
	return rune(unit), nil
}
