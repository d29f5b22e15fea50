package server

import (
	"context"
	"slices"
	"sync"
	"time"

	"voicerelay/billing"
	"voicerelay/relay"
	"voicerelay/relay/refusals"
)

// mostFailures is how many failures are kept: some minutes of a busy relay's worst day. With metadata of 4 KiB and many
// attempts each, they take a few megabytes.
const mostFailures = 500

// mostFailedAttempts bounds what is kept of a failure: beyond it the last ones count.
const mostFailedAttempts = 32

// failureKind says what went wrong with a generation.
type failureKind string

// The kinds of failures.
const (
	generationRefused  failureKind = "refused"  // it was not admitted, and has no record
	generationFailed   failureKind = "failed"   // its text was not spoken to its end
	generationRerouted failureKind = "rerouted" // an attempt failed, and what it left was spoken by another
)

// failure is a generation that went wrong.
type failure struct {
	kind failureKind
	// record is what the ledger has of it; of one that was refused, what it would have.
	record billing.Record
	// param and message are of a refusal.
	param, message string
}

// failures are the latest of this relay's. They don't outlive it, and the ledger has all but those that were refused. It is safe
// for concurrent use.
type failures struct {
	began time.Time // static

	mu      sync.Mutex
	kept    []failure // guarded by mu, the oldest first
	dropped time.Time // guarded by mu: when the latest was that is no longer kept; zero: all are
}

func newFailures(now time.Time) *failures { return &failures{began: now} }

// add keeps a failure. Where there is no room the oldest goes of the tenant that has most of them, so that no tenant's hide
// those of others.
func (f *failures) add(one failure) {
	one.record.Attempts = slices.Clone(one.record.Attempts[max(0, len(one.record.Attempts)-mostFailedAttempts):])
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.kept) == mostFailures {
		f.dropLocked()
	}
	f.kept = append(f.kept, one)
}

// dropLocked forgets one.
func (f *failures) dropLocked() {
	count := make(map[string]int)
	for i := range f.kept {
		count[f.kept[i].record.Tenant]++
	}
	most := 0
	for _, n := range count {
		most = max(most, n)
	}
	oldest := slices.IndexFunc(f.kept, func(one failure) bool { return count[one.record.Tenant] == most })
	if ended := f.kept[oldest].record.EndedAt; ended.After(f.dropped) {
		f.dropped = ended
	}
	f.kept = slices.Delete(f.kept, oldest, oldest+1)
}

// latest are those that are wanted, the latest first and so many at most, and since when none is lacking.
func (f *failures) latest(limit int, wants func(*failure) bool) (found []failure, since time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	since = f.began
	if f.dropped.After(since) {
		since = f.dropped
	}
	for _, one := range slices.Backward(f.kept) {
		if len(found) == limit {
			break
		}
		if wants(&one) {
			found = append(found, one)
		}
	}
	return found, since
}

// refused keeps a generation that the engine has refused.
func (f *failures) refused(r billing.Record, err *refusals.Error) {
	f.add(failure{kind: generationRefused, record: r, param: err.Param, message: err.Message})
}

// ended keeps a generation that has ended, if something went wrong with it.
func (f *failures) ended(r billing.Record) {
	failed := func(a billing.Attempt) bool { return a.Outcome == billing.Failed }
	switch {
	case r.Outcome == billing.Failed:
		f.add(failure{kind: generationFailed, record: r})
	case slices.ContainsFunc(r.Attempts, failed):
		f.add(failure{kind: generationRerouted, record: r})
	}
}

// watchedLedger is a ledger whose closes are looked at.
type watchedLedger struct {
	relay.Ledger
	failures *failures
}

// Close closes a record. What went wrong with a generation is kept even if that fails.
func (w watchedLedger) Close(ctx context.Context, r billing.Record) error {
	w.failures.ended(r)
	return w.Ledger.Close(ctx, r)
}
