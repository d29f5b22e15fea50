// Package candidates is which target of its plan a generation tries next, and takes a slot there. It knows no attempt.
package candidates
