package relay

import (
	"context"

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

// Reports answers what was spoken and what it cost. It is safe for concurrent use.
type Reports interface {
	// Sums answers with sums of closed records.
	Sums(ctx context.Context, q billing.SumsQuery) (billing.Report, error)
	// Records answers with a page of closed records.
	Records(ctx context.Context, q billing.RecordsQuery) (billing.RecordPage, error)
}

// Standing is how the stores do that generations need.
type Standing struct {
	// Degraded: what all relays share is away, so that this one decides alone.
	Degraded bool
	// Unrecorded: the ledger can't be written, so that no generation is taken.
	Unrecorded bool
}
