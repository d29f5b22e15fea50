package awake

import "time"

// Earlier is the first of two deadlines, of which zero means never.
func Earlier(a, b time.Time) time.Time {
	if a.IsZero() || (!b.IsZero() && b.Before(a)) {
		return b
	}
	return a
}

// Later is the second of two moments. Zero is before any other.
func Later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
