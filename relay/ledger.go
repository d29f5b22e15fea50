package relay

import (
	"context"
	"errors"

	"voicerelay/billing"
)

// Ledger keeps a record of each generation, on a disk: exactly one, whatever crashes. It is safe for concurrent use.
type Ledger interface {
	// Enter hands in what is known of a generation at its admission, and does not wait. wait must be called once:
	// it returns when the entry is safe.
	Enter(entry billing.Record) (wait func(ctx context.Context) error)
	// Progress notes how an attempt stands, so that it can be priced after a crash. It never waits.
	Progress(p billing.Progress)
	// Close closes an entry, and returns when that is safe. An error means that it is not yet.
	Close(ctx context.Context, r billing.Record) error
}

// unrecorded is where there is no ledger: nothing is kept, and done says so.
type unrecorded struct{}

var errUnrecorded = errors.New("there is no ledger")

func (unrecorded) Enter(billing.Record) func(context.Context) error {
	return func(context.Context) error { return nil }
}
func (unrecorded) Progress(billing.Progress)                   {}
func (unrecorded) Close(context.Context, billing.Record) error { return errUnrecorded }

// booking is a generation's entry in the ledger, on its way.
type booking struct {
	route string        // as it is recorded
	over  chan struct{} // closed once it is known whether the entry stands
	err   error         // why it does not; read after over
}
