package downstream

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/voicerelay/voicerelay/client/protocol"
)

// maxDepth is how deep a client's JSON may nest. What dialects read is three levels deep; a request of a platform has its
// whole call in it.
const maxDepth = 64

// DecodeTolerant reads a client's JSON object into a struct, as programs of others need it: fields that are not known are
// passed over, since each version of a client sends more of them. What is no object, is cut off, or has a field of the wrong
// type is refused, with the field's name.
func DecodeTolerant(data []byte, into any) *protocol.Error {
	if !utf8.Valid(data) {
		return Invalid("", "the JSON is not UTF-8")
	}
	if trimmed := bytes.TrimLeft(data, " \t\r\n"); len(trimmed) == 0 || trimmed[0] != '{' {
		return Invalid("", "a JSON object is expected")
	}
	if tooDeep(data) {
		return Invalid("", fmt.Sprintf("the JSON nests deeper than %d levels", maxDepth))
	}
	err := json.Unmarshal(data, into)
	var wrong *json.UnmarshalTypeError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &wrong):
		return Invalid(wrong.Field, fmt.Sprintf("%s can't be a %s", fieldName(wrong.Field), kindOf(wrong.Value)))
	}
	return Invalid("", "the JSON is malformed")
}

func fieldName(field string) string {
	if field == "" {
		return "the body"
	}
	return field
}

// kindOf is the kind of JSON value that a type error speaks of, without the value itself.
func kindOf(value string) string {
	kind, _, _ := strings.Cut(value, " ")
	return kind
}

// tooDeep reports whether brackets nest deeper than maxDepth.
func tooDeep(data []byte) bool {
	depth, quoted, escaped := 0, false, false
	for _, c := range data {
		switch {
		case escaped:
			escaped = false
		case quoted && c == '\\':
			escaped = true
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			if depth++; depth > maxDepth {
				return true
			}
		case c == '}' || c == ']':
			depth--
		}
	}
	return false
}

// Number is a number that clients may send as text, or as null, which is as if it were left out.
type Number struct {
	Value float64
	Set   bool
}

// UnmarshalJSON implements json.Unmarshaler.
func (n *Number) UnmarshalJSON(data []byte) error {
	text := strings.Trim(string(data), `"`)
	if text == "null" || text == "" {
		*n = Number{}
		return nil
	}
	value, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
	if err != nil || math.IsNaN(value) || math.IsInf(value, 0) {
		return &json.UnmarshalTypeError{Value: "text"}
	}
	*n = Number{Value: value, Set: true}
	return nil
}

// Flag is a truth value that clients may send as text, or as null, which is as if it were left out.
type Flag struct{ Value, Set bool }

// UnmarshalJSON implements json.Unmarshaler.
func (f *Flag) UnmarshalJSON(data []byte) error {
	switch strings.ToLower(strings.Trim(string(data), `"`)) {
	case "true", "1":
		*f = Flag{Value: true, Set: true}
	case "false", "0":
		*f = Flag{Set: true}
	case "null", "":
		*f = Flag{}
	default:
		return &json.UnmarshalTypeError{Value: "text"}
	}
	return nil
}
