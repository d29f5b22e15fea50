package ledger

import (
	"time"

	"github.com/rs/zerolog"

	"voicerelay/billing"
)

// Config says where the ledger is and how long it remembers.
type Config struct {
	// Path is the file's; its folder is made where there is none. Beside it stand Path.lock, and SQLite's own
	// Path-wal and Path-shm.
	Path string
	// Retention is how long records are kept after their admission, in whole hours; 0: for ever.
	Retention time.Duration
	// Prices is the list that entries name at first; UsePrices says which follow. What a crash cut short is priced by the list
	// that its entry names.
	Prices *billing.PriceList
	// AskFirst leaves open what a crash left open, until Conclude: a relay that shares its records first looks what others have of
	// them. Otherwise Open closes it.
	AskFirst bool
	// Events is what is kept for sinks of events at first; UseSinks says what follows.
	Events Events
	// Committed is told how long each commit took; nil: nobody is. It must not wait.
	Committed func(took time.Duration)
	// Failing is told why nothing can be written, and with nil that it can again, after how long; nil: nobody is. It must not wait.
	Failing func(cause error, lasted time.Duration)
	// Log is told of what an operator must know.
	Log zerolog.Logger
}

// Bounds on what waits.
const (
	queueSize = 4096  // changes that wait for their commit
	maxBatch  = 1024  // changes in one transaction
	maxKept   = 10000 // closes that can't be written
)
