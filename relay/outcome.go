package relay

import (
	"time"

	"voicerelay/upstream"
)

// outcome is how an attempt ended, and what it took of its vendor.
type outcome struct {
	a *attempt // whose it is; static

	// Guarded by the output's mu.
	heard   bool
	proof   proof
	state   attemptState
	err     error // nil while it runs, and where it did all that it was asked for
	usage   upstream.Usage
	endedAt time.Time
}

// attemptState says whether an attempt goes on.
type attemptState int

const (
	attemptRunning attemptState = iota
	attemptIdle                 // it has ended while the text paused, with nothing owed: another one of its target goes on
	attemptEnded
)

// over reports whether the attempt has ended.
func (oc *outcome) over() bool { return oc.state != attemptRunning }

// endLocked ends the attempt.
func (oc *outcome) endLocked(err error) { oc.state, oc.err = attemptEnded, err }
