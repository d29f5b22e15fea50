package outcome

import (
	"errors"
	"time"

	"voicerelay/upstream"
)

// Why an attempt is cancelled from our side. The vendor gets the same cancel in each case.
var (
	ErrBroken     = &upstream.Error{Kind: upstream.Canceled, Message: "broken off"} // a fault of ours
	ErrLostHedge  = &upstream.Error{Kind: upstream.Canceled, Message: "another was faster"}
	ErrSuperseded = &upstream.Error{Kind: upstream.Canceled, Message: "another voice speaks it anew"}
)

// Outcome is how an attempt ended, and what it took of its vendor. Its owner guards it.
type Outcome struct {
	Heard   bool // the client was sent audio of it
	State   State
	Err     error          // nil while it runs, and if it did all that it was asked for
	Usage   upstream.Usage // as the vendor said at its end
	EndedAt time.Time
}

// Outcomes of an attempt.
const (
	Completed  = "completed"
	Cancelled  = "cancelled"
	Failed     = "failed"
	Hedged     = "hedged"     // the other of two was faster
	Superseded = "superseded" // all of the text is spoken again by another provider
)

// State says whether an attempt goes on.
type State int

// All states.
const (
	Running State = iota
	Idle          // ended while the text paused, with nothing owed: another attempt of its target goes on
	Ended
)

// Over reports whether the attempt has ended.
func (oc *Outcome) Over() bool { return oc.State != Running }

// End ends the attempt.
func (oc *Outcome) End(err error) { oc.State, oc.Err = Ended, err }

// Lose ends the attempt, unless it has ended.
func (oc *Outcome) Lose(err error) {
	if !oc.Over() {
		oc.End(err)
	}
}

// Name is the outcome in a word, as clients, records and metrics have it. short: the text was cut short by the budget;
// stopped: the error is why the generation was.
func (oc *Outcome) Name(short, stopped bool) string {
	switch {
	case oc.Err == nil && short:
		return Cancelled // by us: it spoke what the budget allowed, which was not all of the text
	case oc.Err == nil:
		return Completed
	case errors.Is(oc.Err, ErrLostHedge):
		return Hedged
	case errors.Is(oc.Err, ErrSuperseded):
		return Superseded
	case stopped, upstream.KindOf(oc.Err) == upstream.Canceled:
		return Cancelled
	default:
		return Failed
	}
}
