package protocol

// reader takes an object's fields by name. It keeps the first fault, so that a command can be read in one
// expression; close then tells of it, or of fields that nothing took.
type reader struct {
	path     string // of the object; empty for the message itself
	fields   []field
	nullable bool // null means that the setting goes back to the relay's own
	err      *Error
}

func (r *reader) fail(err *Error) {
	if r.err == nil {
		r.err = err
	}
}

// take is the raw value of the field, or nil where it was left out.
func (r *reader) take(name string) []byte {
	for i := range r.fields {
		if f := &r.fields[i]; f.name == name {
			f.used = true
			return f.raw
		}
	}
	return nil
}

// close is the fault of the object. An unknown name goes first: it is often the misspelling of one that is missing.
func (r *reader) close() *Error {
	for _, f := range r.fields {
		if !f.used {
			param := join(r.path, f.name)
			return invalid(param, param+" is not a field of this message")
		}
	}
	return r.err
}

// optional is a field that may be left out. After a fault its value is the zero value, with Set as it was given.
func optional[T any](r *reader, name string, parse parser[T]) Setting[T] {
	raw := r.take(name)
	if raw == nil {
		return Setting[T]{}
	}
	if r.nullable && string(raw) == "null" {
		return Setting[T]{Set: true, Null: true}
	}
	value, err := parse(join(r.path, name), raw)
	if err != nil {
		r.fail(err)
	}
	return Setting[T]{Set: true, Value: value}
}

// required is a field that must be given.
func required[T any](r *reader, name string, parse parser[T]) T {
	s := optional(r, name, parse)
	if !s.Set {
		param := join(r.path, name)
		r.fail(invalid(param, param+" is missing"))
	}
	return s.Value
}

// flag is a bool with a default.
func flag(r *reader, name string, otherwise bool) bool {
	if s := optional(r, name, parseBool); s.Set {
		return s.Value
	}
	return otherwise
}
