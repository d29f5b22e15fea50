package process

import (
	"errors"
	"testing"
)

// Missing is what a machine lacks for a test: a program, or a registry that can be reached.
type Missing string

// Error implements error.
func (m Missing) Error() string { return string(m) }

// Need skips the test for an error that is a Missing, and fails it for any other.
func Need(t testing.TB, err error) {
	t.Helper()
	var missing Missing
	switch {
	case errors.As(err, &missing):
		t.Skip(missing)
	case err != nil:
		t.Fatal(err)
	}
}
