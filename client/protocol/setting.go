package protocol

// Setting is a field that may be left out. The zero value: it was.
type Setting[T any] struct {
	// Set: the field stood in the message.
	Set bool
	// Null: it stood there as null, which only configure allows. Value is the zero value then.
	Null  bool
	Value T
}

// Set is the setting of a value that is given.
func Set[T any](value T) Setting[T] { return Setting[T]{Set: true, Value: value} }

// IsZero reports whether the field is left out of its message.
func (s Setting[T]) IsZero() bool { return !s.Set && !s.Null }

// MarshalJSON is the value, or null.
func (s Setting[T]) MarshalJSON() ([]byte, error) {
	if s.Null {
		return []byte("null"), nil
	}
	return marshal(s.Value)
}

// over is s where it was given, else base. A null leaves nothing set.
func (s Setting[T]) over(base Setting[T]) Setting[T] {
	switch {
	case s.Null:
		return Setting[T]{}
	case s.Set:
		return s
	default:
		return base
	}
}
