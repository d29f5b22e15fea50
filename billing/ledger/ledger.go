package ledger

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"voicerelay/billing"
)

// Ledger is the one writer of a file. Its methods may be called by anyone at any time.
type Ledger struct {
	// Static after Open.
	log       zerolog.Logger
	path      string
	epoch     string
	startedAt time.Time
	place     string   // of the file
	copied    bool     // it was elsewhere when it was last written
	left      []string // records that were open at the start
	gone      []string // epochs of those who wrote a file of this name
	reader    *Reader
	lock      io.Closer
	committed func(took time.Duration)
	changed   func(cause error, lasted time.Duration) // whether anything can be written
	queue     chan *change
	poke      chan struct{} // holds a token while something is kept
	stop      chan struct{} // closed by Stop
	done      chan struct{} // closed when the writer has ended

	stopOnce sync.Once
	writer   *writer // owned by its goroutine until done, then by Stop

	mu      sync.Mutex // guards what follows
	since   time.Time  // since when nothing can be written
	failing error      // why nothing can be written; nil: it can
	kept    []billing.Record
	dropped int64                // closes that could not be kept
	lists   []*billing.PriceList // that entries may name, the latest last; at most maxLists
}

// Epoch names this start of the relay.
func (l *Ledger) Epoch() string { return l.epoch }

// Enter hands in an entry: what is known of a generation at its admission. It does not wait, so that the vendor's
// work can begin in parallel. wait must be called once: it returns when the entry is on the disk. Where its context
// ends before that, the entry is taken back, and the generation was not admitted.
func (l *Ledger) Enter(entry billing.Record) (wait func(ctx context.Context) error) {
	c := newChange(admission{entry: entry, prices: l.listOf(entry.PriceList)})
	if err := l.available(); err != nil {
		return func(context.Context) error { return err }
	}
	select {
	case l.queue <- c:
		return func(ctx context.Context) error { return l.await(ctx, c) }
	default:
		// The disk is far behind. What is said of its progress may get there first, and be forgotten.
		return func(ctx context.Context) error { return l.enqueue(ctx, c) }
	}
}

// Progress notes how an attempt stands, for the case of a crash. It never waits: it goes with a next commit, outlives
// the process from then on, and is dropped where the queue is full or nothing can be written.
func (l *Ledger) Progress(p billing.Progress) {
	select {
	case l.queue <- newChange(progress{p}):
	default:
	}
}

// Close closes an admitted record: end, measures, outcome, code, price list and attempts are taken from r, the rest
// is as the entry said. It returns when the record is on the disk. Any error but ErrNotOpen means that it is not there
// yet, and is tried again, or is closed as interrupted by the next start.
func (l *Ledger) Close(ctx context.Context, r billing.Record) error {
	if r.Outcome == "" || r.EndedAt.IsZero() {
		return errUnended
	}
	if l.available() != nil {
		return l.keep(r)
	}
	c := newChange(closing{record: r})
	select {
	case l.queue <- c:
		return l.await(ctx, c)
	case <-ctx.Done():
		return errors.Join(l.keep(r), context.Cause(ctx))
	case <-l.done:
		return ErrStopped
	}
}

// Kept is how many closes are in memory because they can't be written.
func (l *Ledger) Kept() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.kept)
}

func (l *Ledger) enqueue(ctx context.Context, c *change) error {
	select {
	case l.queue <- c:
		return l.await(ctx, c)
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-l.done:
		return ErrStopped
	}
}

// await waits for the answer to a change that is in the queue.
func (l *Ledger) await(ctx context.Context, c *change) error {
	select {
	case err := <-c.answered:
		return err
	case <-ctx.Done():
		if c.abandon() {
			return context.Cause(ctx)
		}
		return <-c.answered // it is on its way
	case <-l.done:
		if c.abandon() {
			return ErrStopped
		}
		return <-c.answered
	}
}

// available is why nothing can be written, or nil.
func (l *Ledger) available() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.failing
}

// keep takes a close that can't be written now. It returns the error for the caller.
func (l *Ledger) keep(r billing.Record) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.kept) >= maxKept {
		l.dropped++
		return ErrDropped
	}
	l.kept = append(l.kept, r)
	select {
	case l.poke <- struct{}{}:
	default:
	}
	return ErrKept
}

// keptNow is a copy of the closes that are tried next. They stay kept until forget.
func (l *Ledger) keptNow() []billing.Record {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]billing.Record(nil), l.kept[:min(len(l.kept), maxBatch)]...)
}

// forget lets go of the first n kept closes, which have been written. It reports whether there are more.
func (l *Ledger) forget(n int) (more bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.kept = append([]billing.Record(nil), l.kept[n:]...)
	return len(l.kept) > 0
}

// setFailing notes why nothing can be written, or that it can. It is for the writer only.
func (l *Ledger) setFailing(cause error) {
	l.mu.Lock()
	before, dropped := l.failing, l.dropped
	l.failing = nil
	if cause != nil {
		l.failing = fmt.Errorf("%w: %w", ErrUnavailable, cause)
	} else {
		l.dropped = 0
	}
	kept := len(l.kept)
	if before == nil {
		l.since = time.Now()
	}
	lasted := time.Since(l.since)
	l.mu.Unlock()
	switch {
	case before == nil && cause != nil:
		l.log.Error().Err(cause).Bool("damaged", isDamage(cause)).Msg("the ledger can't be written; nothing is admitted")
		l.changed(cause, 0)
	case before != nil && cause == nil:
		l.log.Info().Int64("dropped", dropped).Int("kept", kept).Msg("the ledger can be written again")
		l.changed(nil, lasted)
	}
}

// maxLists bounds the price lists that entries may name: those of the last configurations. Generations that wait for their
// admission began under one of them.
const maxLists = 16

// UsePrices has entries name a price list from now on. It is kept with the first of them, so that what a crash cuts short is
// priced by it.
func (l *Ledger) UsePrices(list *billing.PriceList) {
	if list == nil || list.Hash() == "" {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lists = append(slices.DeleteFunc(l.lists, func(had *billing.PriceList) bool { return had.Hash() == list.Hash() }), list)
	l.lists = l.lists[max(0, len(l.lists)-maxLists):]
}

// listOf is the price list that an entry names; nil: it is not known, or empty.
func (l *Ledger) listOf(hash string) *billing.PriceList {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, list := range l.lists {
		if list.Hash() == hash {
			return list
		}
	}
	return nil
}
