package ledger

import (
	"sync/atomic"
)

// A change is something to write, and who waits for it.
type change struct {
	// Static after newChange.
	mutation mutation
	answered chan error // gets the answer, once; no caller waits for a progress

	state atomic.Int32

	// Owned by the writer.
	result  error // what the change met with, where that is no failure of the file
	refused bool  // the database took offense at it: it is left out
}

// A mutation is one of the things that can be done to the file.
type mutation interface {
	// apply does it, within the transaction. missed is what is wrong with the change itself, so that it did nothing.
	apply(b *batch) (missed, err error)
}

// The states of a change: it is answered or abandoned, never both.
const (
	waiting int32 = iota
	settled
	abandoned
)

func newChange(m mutation) *change { return &change{mutation: m, answered: make(chan error, 1)} }

// answer tells the caller that waits. It reports false if the caller has given up.
func (c *change) answer(err error) bool {
	if !c.state.CompareAndSwap(waiting, settled) {
		return false
	}
	c.answered <- err
	return true
}

// abandon gives up waiting. It reports false where the answer is there.
func (c *change) abandon() bool { return c.state.CompareAndSwap(waiting, abandoned) }

// isAbandoned reports whether the caller has given up.
func (c *change) isAbandoned() bool { return c.state.Load() == abandoned }
