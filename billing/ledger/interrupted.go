package ledger

import (
	"context"
	"fmt"
	"time"

	"voicerelay/billing"
)

// interrupt closes what a crash left open, in transactions of bounded size.
func (s *store) interrupt(ctx context.Context, prices *billing.PriceList, at time.Time) error {
	for {
		rows, err := s.conn.QueryContext(ctx, selectJoined("r.outcome IS NULL", "r.record_id"), maxBatch)
		if err != nil {
			return asDamage(err)
		}
		open, err := scanJoined(rows)
		if err != nil || len(open) == 0 {
			return asDamage(err)
		}
		changes := make([]*change, len(open))
		for i, n := range open {
			changes[i] = newChange(closing{record: interrupted(n.Record, prices, at)})
		}
		if _, err := s.apply(changes); err != nil {
			return fmt.Errorf("close what was open: %w", err)
		}
		for _, c := range changes {
			if c.result != nil {
				return fmt.Errorf("close what was open: %w", c.result)
			}
		}
	}
}

// interrupted is what is kept of a record that a crash cut short: what was known last, and an estimate of the cost.
// When it really ended is not known; at is when that was found.
func interrupted(r billing.Record, prices *billing.PriceList, at time.Time) billing.Record {
	r.Outcome, r.EndedAt = billing.Interrupted, at
	for i := range r.Attempts {
		a := &r.Attempts[i]
		// An entry may have been written before its text came.
		r.Characters, r.Bytes = max(r.Characters, a.Characters), max(r.Bytes, a.Bytes)
		if a.Outcome != "" {
			continue
		}
		a.Outcome, a.EndedAt = billing.Interrupted, at
		a.Cost = billing.Cost{Source: billing.Unavailable}
		if prices != nil {
			a.Cost = estimate(prices, a)
			r.PriceList = prices.Hash()
		}
	}
	return r
}

// estimate prices an attempt as if the vendor had spoken all that it was given.
func estimate(prices *billing.PriceList, a *billing.Attempt) billing.Cost {
	used := a.Usage
	used.Audio = max(used.Audio, billing.SpeechTime(a.Characters))
	cost := prices.Price(a.Provider, a.Model, used)
	cost.Estimated = cost.Known()
	return cost
}
