package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/rs/zerolog"

	"voicerelay/billing"
	"voicerelay/billing/ledger"
	"voicerelay/limits"
)

// countingBooks is a ledger that has budgets count what it closes as interrupted.
type countingBooks struct {
	*ledger.Ledger
	budgets *limits.Redis
	log     zerolog.Logger
}

// Conclude closes what earlier starts left open, and counts what that has cost. What can't be counted is in the records, but
// no part of the budget.
func (b countingBooks) Conclude(ctx context.Context) error {
	remains, err := b.Remains(ctx)
	if err != nil {
		return err
	}
	if err := b.Ledger.Conclude(ctx); err != nil {
		return err
	}
	for _, left := range remains.Open {
		if err := b.count(ctx, left.ID); err != nil {
			b.log.Warn().Str("record_id", left.ID).Err(err).Msg("what an interrupted generation cost is not in the budget")
		}
	}
	return nil
}

func (b countingBooks) count(ctx context.Context, id string) error {
	page, err := b.Records(ctx, billing.RecordsQuery{RecordID: id, Limit: 1})
	if err != nil {
		return fmt.Errorf("read the record: %w", err)
	}
	for _, r := range page.Records {
		if r.Outcome != billing.Interrupted {
			continue // it has ended well somewhere else, and was counted there
		}
		if err := b.charge(ctx, &r); err != nil {
			return err
		}
	}
	return nil
}

// charge counts what a record cost its tenant and its key, and what was spent at each provider. All are counted, though one may
// fail.
func (b countingBooks) charge(ctx context.Context, r *billing.Record) error {
	tenant := limits.Owner{Tenant: r.Tenant}
	key := tenant
	key.Key = r.Key
	cost := billing.Known(r.Cost())
	errs := []error{
		b.budgets.Interrupted(ctx, tenant, r.ID, r.AdmittedAt, cost),
		b.budgets.Interrupted(ctx, key, r.ID, r.AdmittedAt, cost),
	}
	for provider, spent := range r.SpentAt() {
		errs = append(errs, b.budgets.Interrupted(ctx, limits.Owner{Provider: provider}, r.ID, r.AdmittedAt, spent))
	}
	return errors.Join(errs...)
}
