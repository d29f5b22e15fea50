package relay

import (
	"errors"
	"time"

	"voicerelay/upstream"
)

// Why an attempt is cancelled from our side. The vendor gets the same cancel in each case.
var (
	errBroken     = &upstream.Error{Kind: upstream.Canceled, Message: "broken off"} // a fault of ours
	errLostHedge  = &upstream.Error{Kind: upstream.Canceled, Message: "another was faster"}
	errSuperseded = &upstream.Error{Kind: upstream.Canceled, Message: "another voice speaks it anew"}
)

// outcome is how an attempt ended, and what it took of its vendor. It is guarded by the output's mu.
type outcome struct {
	heard   bool // the client was sent audio of it
	proof   proof
	state   attemptState
	err     error          // nil while it runs, and if it did all that it was asked for
	usage   upstream.Usage // as the vendor said at its end
	endedAt time.Time
}

// Outcomes of an attempt.
const (
	outcomeCompleted  = "completed"
	outcomeCancelled  = "cancelled"
	outcomeFailed     = "failed"
	outcomeHedged     = "hedged"     // the other of two was faster
	outcomeSuperseded = "superseded" // all of the text is spoken again by another provider
)

// attemptState says whether an attempt goes on.
type attemptState int

const (
	attemptRunning attemptState = iota
	attemptIdle                 // ended while the text paused, with nothing owed: another attempt of its target goes on
	attemptEnded
)

// over reports whether the attempt has ended.
func (oc *outcome) over() bool { return oc.state != attemptRunning }

// end ends the attempt.
func (oc *outcome) end(err error) { oc.state, oc.err = attemptEnded, err }

// lose ends the attempt, unless it has ended.
func (oc *outcome) lose(err error) {
	if !oc.over() {
		oc.end(err)
	}
}

// name is the outcome in a word, as clients, records and metrics have it. short: the text was cut short by the budget.
func (oc *outcome) name(short bool) string {
	var stop *StopCause
	switch {
	case oc.err == nil && short:
		return outcomeCancelled // by us: it spoke what the budget allowed, which was not all of the text
	case oc.err == nil:
		return outcomeCompleted
	case errors.Is(oc.err, errLostHedge):
		return outcomeHedged
	case errors.Is(oc.err, errSuperseded):
		return outcomeSuperseded
	case errors.As(oc.err, &stop), upstream.KindOf(oc.err) == upstream.Canceled:
		return outcomeCancelled
	default:
		return outcomeFailed
	}
}
