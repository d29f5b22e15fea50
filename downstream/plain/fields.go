package plain

import (
	"errors"
	"strings"
)

// field is a place in a JSON object: one whose value is kept, or one with fields in it.
type field struct {
	path string
	keep
	inner map[string]*field
}

// keep says what is kept of a field. The zero value keeps nothing.
type keep struct {
	most int // bytes of its value
	// optional: a value that is too long, or no scalar, is as if it were not there.
	optional bool
}

// fieldsAt are the fields at some paths, as "message.call.id".
func fieldsAt(paths map[string]keep) *field {
	root := &field{}
	for path, kept := range paths {
		at := root
		for name := range strings.SplitSeq(path, ".") {
			next := at.inner[name]
			if next == nil {
				next = &field{path: strings.TrimPrefix(at.path+"."+name, ".")}
				if at.inner == nil {
					at.inner = make(map[string]*field)
				}
				at.inner[name] = next
			}
			at = next
		}
		at.keep = kept
	}
	return root
}

// value is a scalar that was kept. A null is kept as if it were not there.
type value struct {
	text   string
	quoted bool // it was a string
}

// values are those that were kept, by their paths. Of one that comes twice the last counts.
type values map[string]value

// errMalformed says that a body is no JSON object.
var errMalformed = errors.New("malformed JSON")

// fieldError is a value that a field can't have.
type fieldError struct{ field, reason string }

func (e *fieldError) Error() string { return e.field + " " + e.reason }
