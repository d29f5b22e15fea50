package ledger

import (
	"context"
	"fmt"
	"slices"
	"time"

	"voicerelay/billing"
)

// interruption closes as interrupted what an earlier start left open.
type interruption struct {
	ids []string // those that are closed in between stay as they are
	at  time.Time
}

func (m interruption) apply(b *batch) (missed, err error) {
	const open = "r.outcome IS NULL AND r.record_id IN (SELECT value FROM json_each(?))"
	rows, err := b.conn.QueryContext(context.Background(), selectJoined(open, "r.record_id"), jsonList(m.ids), len(m.ids))
	if err != nil {
		return nil, err
	}
	left, err := scanJoined(rows)
	if err != nil {
		return nil, err
	}
	for _, n := range left {
		prices, err := b.readPrices(n.Record.PriceList)
		if err != nil {
			return nil, err
		}
		missed, err := closing{record: interrupted(n.Record, prices, m.at)}.apply(b)
		if err = errorsFirst(err, missed); err != nil {
			return nil, err
		}
	}
	return nil, nil
}

// openNow are the ids of what is open.
func (s *store) openNow(ctx context.Context) ([]string, error) {
	rows, err := s.conn.QueryContext(ctx, `SELECT record_id FROM records WHERE outcome IS NULL ORDER BY record_id`)
	if err != nil {
		return nil, asDamage(err)
	}
	return scanEach(rows, func(scan scanner) (id string, err error) { return id, scan(&id) })
}

// interrupt closes what a crash left open, in transactions of bounded size.
func (s *store) interrupt(left []string, at time.Time, place string) error {
	var changes []*change
	for ids := range slices.Chunk(left, maxBatch) {
		changes = append(changes, newChange(interruption{ids: ids, at: at}))
	}
	for _, c := range append(changes, newChange(conclusion{place: place})) {
		if _, err := s.apply([]*change{c}); err != nil {
			return fmt.Errorf("close what was open: %w", err)
		}
	}
	return nil
}

// interrupted is what is kept of a record that a crash cut short: what was known last, and an estimate of the cost by the
// list that was in force then. When it really ended is not known; at is when that was found.
func interrupted(r billing.Record, prices *billing.PriceList, at time.Time) billing.Record {
	at = latest(at, r.AdmittedAt) // the clock may have been set back
	r.Outcome, r.EndedAt = billing.Interrupted, at
	for i := range r.Attempts {
		a := &r.Attempts[i]
		// An entry may have been written before its text came.
		r.Characters, r.Bytes = max(r.Characters, a.Characters), max(r.Bytes, a.Bytes)
		if a.Outcome != "" {
			continue
		}
		a.Outcome, a.EndedAt = billing.Interrupted, latest(at, a.StartedAt)
		a.Cost = estimate(prices, a)
	}
	return r
}

func latest(a, b time.Time) time.Time {
	if a.Before(b) {
		return b
	}
	return a
}

// estimate prices an attempt as if the vendor had spoken all that it was given.
func estimate(prices *billing.PriceList, a *billing.Attempt) billing.Cost {
	used := a.Usage
	used.Audio = max(used.Audio, billing.SpeechTime(a.Characters))
	cost := prices.Price(a.Provider, a.Model, used)
	cost.Estimated = cost.Known() && used != (billing.Usage{})
	return cost
}
