package protocol

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
	"unicode/utf8"
)

const (
	// maxDepth bounds the levels of a message, itself the first: it is how deep the scanner recurses.
	maxDepth = 32
	// maxParamName bounds the characters that a name of the client's has in a path.
	maxParamName = 64
)

// field is a member of an object. raw is its value, without white space around it, within the message.
type field struct {
	name string
	raw  []byte
	used bool // taken by a reader
}

// scan is the fields of the object that data is, and what is wrong with it or inside it, if anything: a key given
// twice, NUL, half a surrogate pair, too deep nesting. encoding/json lets these pass, so that two readers
// of one message could see different things. data must be valid JSON, an object; its grammar is not checked.
func scan(data []byte) ([]field, *Error) {
	s := scanner{data: data}
	s.space()
	fields := make([]field, 0, 8)
	s.object(1, func(f field) { fields = append(fields, f) })
	return fields, s.fault
}

// members is the fields of an object that a scan has passed.
func members(raw []byte) []field {
	fields, _ := scan(raw)
	return fields
}

// scanner walks over valid JSON once.
type scanner struct {
	data  []byte
	pos   int
	path  []string // names of the fields around pos
	fault *Error   // the first
}

// refuse keeps the first fault; the walk goes on, since what follows may say which command this is.
func (s *scanner) refuse(message string) {
	if s.fault == nil {
		s.fault = invalid(strings.Join(s.path, "."), message)
	}
}

// space skips white space, and the separators, whose places valid JSON leaves no doubt of.
func (s *scanner) space() {
	for s.pos < len(s.data) {
		switch s.data[s.pos] {
		case ' ', '\t', '\r', '\n', ',', ':':
			s.pos++
		default:
			return
		}
	}
}

// object walks over an object, and calls visit, if any, for each of its fields.
func (s *scanner) object(depth int, visit func(field)) {
	var seen names
	s.pos++
	for s.space(); s.data[s.pos] != '}'; s.space() {
		name := s.key()
		s.path = append(s.path, clip(name))
		if !seen.add(name) {
			s.refuse("the key stands twice in its object")
		}
		s.space()
		start := s.pos
		s.value(depth)
		s.path = s.path[:len(s.path)-1]
		if visit != nil {
			visit(field{name: name, raw: s.data[start:s.pos]})
		}
	}
	s.pos++
}

func (s *scanner) key() string {
	raw := s.text("a key")
	name, _ := unquote(raw) // can't fail: it is a string
	return name
}

func (s *scanner) array(depth int) {
	s.pos++
	for s.space(); s.data[s.pos] != ']'; s.space() {
		s.value(depth)
	}
	s.pos++
}

// value walks over a value that is within depth objects and arrays.
func (s *scanner) value(depth int) {
	switch c := s.data[s.pos]; {
	case c == '"':
		s.text("a string")
	case c != '{' && c != '[':
		s.literal()
	case depth >= maxDepth:
		s.refuse("a message must be nested at most " + strconv.Itoa(maxDepth) + " levels deep")
		s.skip()
	case c == '{':
		s.object(depth+1, nil)
	default:
		s.array(depth + 1)
	}
}

// literal walks over a number, true, false or null.
func (s *scanner) literal() {
	if n := bytes.IndexAny(s.data[s.pos:], ",]} \t\r\n"); n >= 0 {
		s.pos += n
		return
	}
	s.pos = len(s.data)
}

// skip walks over an object or array without recursion and without a look at what is in it.
func (s *scanner) skip() {
	for open := 0; ; {
		switch s.data[s.pos] {
		case '"':
			s.pos = s.quoteEnd()
			continue
		case '{', '[':
			open++
		case '}', ']':
			open--
		}
		s.pos++
		if open == 0 {
			return
		}
	}
}

// text walks over a string and is the string with its quotes. what names it in a fault.
func (s *scanner) text(what string) []byte {
	start := s.pos
	s.pos = s.quoteEnd()
	raw := s.data[start:s.pos]
	if hasEscape(raw) {
		s.escapes(raw, what)
	}
	return raw
}

// quoteEnd is where the string that begins at pos has ended.
func (s *scanner) quoteEnd() int {
	i := s.pos + 1
	for s.data[i] != '"' {
		if s.data[i] == '\\' {
			i++ // what is escaped may be a quote
		}
		i++
	}
	return i + 1
}

// escapes refuses NUL and lone surrogates. Only an escape can make them: JSON has no raw control characters,
// and UTF-8 no surrogates.
func (s *scanner) escapes(raw []byte, what string) {
	for {
		i := bytes.IndexByte(raw, '\\')
		if i < 0 {
			return
		}
		unit, ok := codeUnit(raw[i:])
		switch {
		case !ok:
			raw = raw[i+2:] // a short escape
			continue
		case unit == 0:
			s.refuse(what + " must not have a NUL")
		case 0xD800 <= unit && unit < 0xDC00:
			if low, ok := codeUnit(raw[i+6:]); ok && 0xDC00 <= low && low < 0xE000 {
				raw = raw[i+12:]
				continue
			}
			s.refuse(what + " must not have half a surrogate pair")
		case 0xDC00 <= unit && unit < 0xE000:
			s.refuse(what + " must not have half a surrogate pair")
		}
		raw = raw[i+6:]
	}
}

// codeUnit is the UTF-16 unit that raw's first six bytes escape, or false.
func codeUnit(raw []byte) (uint64, bool) {
	if len(raw) < 6 || raw[0] != '\\' || raw[1] != 'u' {
		return 0, false
	}
	unit, err := strconv.ParseUint(string(raw[2:6]), 16, 16)
	return unit, err == nil
}

// unquote is the string that raw is, or false where it is something else.
func unquote(raw []byte) (string, bool) {
	if raw[0] != '"' {
		return "", false
	}
	if inner := raw[1 : len(raw)-1]; !hasEscape(inner) {
		return string(inner), true
	}
	var s string
	err := json.Unmarshal(raw, &s)
	return s, err == nil
}

func hasEscape(raw []byte) bool { return bytes.IndexByte(raw, '\\') >= 0 }

// names is a set of an object's keys.
type names struct {
	few  []string
	many map[string]struct{} // once there are more than a search should walk over
}

// add reports whether the name was new.
func (n *names) add(name string) bool {
	if n.many != nil {
		_, old := n.many[name]
		n.many[name] = struct{}{}
		return !old
	}
	for _, have := range n.few {
		if have == name {
			return false
		}
	}
	n.few = append(n.few, name)
	if len(n.few) > 16 {
		n.many = make(map[string]struct{}, 2*len(n.few))
		for _, have := range n.few {
			n.many[have] = struct{}{}
		}
	}
	return true
}

// join is the path of a field within another.
func join(path, name string) string {
	if path == "" {
		return clip(name)
	}
	return path + "." + clip(name)
}

// clip shortens a name that the client made up, so that an error is never as long as the message.
func clip(name string) string {
	if len(name) <= maxParamName {
		return name
	}
	end := maxParamName
	for !utf8.RuneStart(name[end]) {
		end--
	}
	return name[:end] + "…"
}
