package ship

import (
	"cmp"
	"context"
	"time"

	"github.com/rs/zerolog"

	"voicerelay/billing"
)

// Outbox is a ledger as far as shipping needs it.
type Outbox interface {
	// Unshipped lists records of an epoch and tenant with the lowest numbers above after, ascending, at most limit.
	Unshipped(ctx context.Context, epoch, tenant string, after int64, limit int) ([]billing.Numbered, error)
	// Tails lists every epoch and tenant that has records.
	Tails(ctx context.Context) ([]billing.Tail, error)
	// OldestOpen is the earliest admission among the generations that are not closed yet; ok is false where there are none.
	OldestOpen(ctx context.Context) (admitted time.Time, ok bool, err error)
	// PriceLists are the texts of all price lists that records may name, by their hashes.
	PriceLists(ctx context.Context) (map[string]string, error)
}

// Config is what a Shipper is made with.
type Config struct {
	// Relay names the ledger: the same at each start on the same file, and no other ledger's. The heartbeat contains it.
	Relay string
	// Epoch is the ledger's present one.
	Epoch string
	// Retention is how long Redis keeps records and sums, from the hour of admission. Default 400 days. Where the relays of
	// one Redis differ, the shortest counts.
	Retention time.Duration
	// CheckEvery is how often all marks are read again. Default a minute.
	CheckEvery time.Duration
	// BeatEvery is how often the heartbeat is written, and what was missed is looked for. Default 10 s; a heartbeat counts
	// as old after 30 s.
	BeatEvery time.Duration
	// Timeout bounds each call to Redis. Default 2 s.
	Timeout time.Duration
	// RunSize is the most records that one script applies. Default 256, which takes Redis some 3 ms.
	RunSize int
	// Ledger is the one that is shipped, where it is to be completed from Redis after a crash or a restoration; nil: it is
	// only read.
	Ledger Ledger
	// Log gets a line when shipping fails, and one when it goes on.
	Log zerolog.Logger
}

const (
	defaultRetention  = 400 * 24 * time.Hour
	defaultCheckEvery = time.Minute
	defaultBeatEvery  = 10 * time.Second
	defaultRunSize    = 256

	// gather is the pause between live runs, so that one takes all records that ended in that time.
	gather = 50 * time.Millisecond
	// After a failure the next try comes in firstRetry, then in twice the time before, up to lastRetry.
	firstRetry = 100 * time.Millisecond
	lastRetry  = 5 * time.Second
	// losses is how often All starts again when Redis loses what it had in the midst of it.
	losses = 3
	// ledgerTimeout bounds each read of the ledger.
	ledgerTimeout = 30 * time.Second
)

func (c Config) withDefaults() Config {
	c.Retention = cmp.Or(c.Retention, defaultRetention)
	c.CheckEvery = cmp.Or(c.CheckEvery, defaultCheckEvery)
	c.BeatEvery = cmp.Or(c.BeatEvery, defaultBeatEvery)
	c.Timeout = cmp.Or(c.Timeout, defaultTimeout)
	c.RunSize = cmp.Or(c.RunSize, defaultRunSize)
	return c
}

// Ledger is an outbox that may lack what Redis has of it: one that was restored from a copy, or that a crash left with
// generations open.
type Ledger interface {
	Outbox
	// Remains says what the ledger does not know of its own records.
	Remains(ctx context.Context) (billing.Remains, error)
	// Adopt takes in the last numbers that Redis has, and records.
	Adopt(ctx context.Context, tails []billing.Tail, records []billing.Numbered) error
	// Conclude closes as interrupted what is still open of earlier starts, and takes for good what is still missing.
	Conclude(ctx context.Context) error
}
