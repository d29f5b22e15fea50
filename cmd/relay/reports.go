package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/rs/zerolog"

	"voicerelay/billing"
	"voicerelay/billing/ship"
	"voicerelay/limits"
	"voicerelay/server/usage"
)

// sharedReports answers from what all relays have shipped to Redis.
type sharedReports struct {
	all  *ship.Reports
	own  usage.Reports // of this relay's own ledger
	away func() bool
	log  zerolog.Logger
}

// Sums answers for all relays. While Redis is away it answers for this one, and says that records of others may be
// missing.
func (r *sharedReports) Sums(ctx context.Context, q billing.SumsQuery) (billing.Report, error) {
	if !r.away() {
		report, err := r.all.Sums(ctx, q)
		if err == nil || errors.Is(err, billing.ErrTooManyGroups) || errors.Is(err, billing.ErrFilterMetadata) {
			return report, err
		}
		r.log.Warn().Err(err).Msg("report made of this relay's own ledger")
	}
	q.From, q.To = ship.WholeHours(q.From, q.To) // the same hours, whichever store answers
	report, err := r.own.Sums(ctx, q)
	report.MissingSince = q.From
	return report, err
}

// Records answers for all relays or, while Redis is away, not at all: a page can't say that records are missing.
func (r *sharedReports) Records(ctx context.Context, q billing.RecordsQuery) (billing.RecordPage, error) {
	if r.away() {
		return billing.RecordPage{}, limits.ErrAway
	}
	page, err := r.all.Records(ctx, q)
	if err != nil && !errors.Is(err, billing.ErrCursor) {
		return billing.RecordPage{}, fmt.Errorf("%w: %w", limits.ErrAway, err)
	}
	return page, err
}
