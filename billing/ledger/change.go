package ledger

import (
	"sync/atomic"
	"time"

	"voicerelay/billing"
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

// admission enters a record, with the price list that it names.
type admission struct {
	entry  billing.Record
	prices *billing.PriceList // nil: not known, or empty
}

// closing closes one. A kept one may have been written by the commit that seemed to fail.
type closing struct {
	record billing.Record
	kept   bool
}

// progress notes how an attempt stands.
type progress struct{ billing.Progress }

// withdrawal takes an entry back of which no client was told.
type withdrawal struct{ recordID string }

// probe finds out whether the file can be written.
type probe struct{ at time.Time }

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
