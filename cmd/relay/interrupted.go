package main

import (
	"context"
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
		spent := make(limits.Spent)
		for _, c := range r.Cost() {
			if c.Known() {
				spent[c.Money.Currency] += c.Money.Micros
			}
		}
		if err := b.budgets.Interrupted(ctx, r.Tenant, r.ID, r.AdmittedAt, spent); err != nil {
			return err
		}
	}
	return nil
}
