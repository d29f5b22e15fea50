package relay

import (
	"errors"

	"voicerelay/relay/refusals"
)

// StopCause is why a generation was ended from our side; as an error it is the cause of its context.
type StopCause struct {
	name   string // for the log
	reason Reason
	err    *refusals.Error
}

func (c *StopCause) Error() string { return c.name }

// The causes that end a generation from our side.
var (
	CauseCancelled = &StopCause{name: "cancelled by the client", reason: Cancelled}
	CauseOperator  = &StopCause{name: "cancelled by an operator", reason: Cancelled}
	CauseGone      = &StopCause{name: "the client is gone", reason: Cancelled}
	CauseKeyGone   = &StopCause{name: "the key is gone", reason: Failed, err: refusals.KeyGone()}
	CauseDrained   = &StopCause{
		name: "the relay is shutting down", reason: Failed,
		err: &refusals.Error{Code: refusals.CodeDraining, Message: "the relay is shutting down"},
	}
)

// ending is how a generation ended.
type ending struct {
	reason Reason
	err    *refusals.Error // of a failed one
}

// endingOf turns what stopped a generation into its end.
func endingOf(cause error) ending {
	var stop *StopCause
	if errors.As(cause, &stop) {
		return ending{reason: stop.reason, err: stop.err}
	}
	return ending{reason: CauseGone.reason} // the session's context ended: the client is gone
}
