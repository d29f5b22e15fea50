package ledger

import (
	"context"
	"fmt"
	"slices"
	"time"

	"voicerelay/billing"
)

// Remains says what the file does not know of its own records: what an earlier start left open, and which numbers it lacks.
// Whoever shares the records looks for them in Redis, has Adopt take in what is there, and ends with Conclude.
func (l *Ledger) Remains(ctx context.Context) (r billing.Remains, err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("read what remains: %w", asDamage(err))
		}
	}()
	r.Copied, r.Gone = l.copied, l.gone
	if r.Open, err = l.stillOpen(ctx); err != nil {
		return r, err
	}
	if r.Gaps, err = l.reader.gaps(ctx); err != nil {
		return r, err
	}
	if r.Newest, err = l.reader.newest(ctx); err != nil {
		return r, err
	}
	if r.Kept, err = l.reader.kept(ctx); err != nil {
		return r, err
	}
	r.Epochs, err = l.reader.epochsBefore(ctx, l.epoch)
	return r, err
}

// stillOpen are the generations that were open at the start, and are.
func (l *Ledger) stillOpen(ctx context.Context) (open []billing.Record, err error) {
	for ids := range slices.Chunk(l.left, maxBatch) {
		const query = `SELECT record_id, tenant, admitted_at FROM records
  WHERE outcome IS NULL AND record_id IN (SELECT value FROM json_each(?))`
		rows, err := l.reader.db.QueryContext(ctx, query, jsonList(ids))
		if err != nil {
			return nil, err
		}
		some, err := scanEach(rows, func(scan scanner) (r billing.Record, err error) {
			var admitted int64
			err = scan(&r.ID, &r.Tenant, &admitted)
			r.AdmittedAt = time.UnixMilli(admitted).UTC()
			return r, err
		})
		if err != nil {
			return nil, err
		}
		open = append(open, some...)
	}
	return open, nil
}

func (r *Reader) gaps(ctx context.Context) ([]billing.Gap, error) {
	const query = `SELECT e.epoch, g.tenant, g.first, g.last FROM gaps g JOIN epochs e ON e.n = g.epoch
  WHERE g.sought = 0 ORDER BY g.epoch, g.tenant, g.first`
	rows, err := r.db.QueryContext(ctx, query)
	if err != nil {
		return nil, err
	}
	return scanEach(rows, func(scan scanner) (g billing.Gap, err error) {
		return g, scan(&g.Epoch, &g.Tenant, &g.First, &g.Last)
	})
}

// newest is the last admission among all generations.
func (r *Reader) newest(ctx context.Context) (time.Time, error) {
	var ms *int64
	if err := r.db.QueryRowContext(ctx, `SELECT MAX(admitted_at) FROM records`).Scan(&ms); err != nil || ms == nil {
		return time.Time{}, err
	}
	return time.UnixMilli(*ms).UTC(), nil
}

// kept is the hour from which on nothing has gone with the retention.
func (r *Reader) kept(ctx context.Context) (time.Time, error) {
	var hour *int64
	err := r.db.QueryRowContext(ctx, `SELECT MAX(value) FROM meta WHERE name = 'pruned_before'`).Scan(&hour)
	if err != nil || hour == nil {
		return time.Time{}, err
	}
	return time.UnixMilli(*hour * millisPerHour).UTC(), nil
}

func (r *Reader) epochsBefore(ctx context.Context, present string) ([]string, error) {
	rows, err := r.db.QueryContext(ctx, `SELECT epoch FROM epochs WHERE epoch <> ? ORDER BY started_at, n`, present)
	if err != nil {
		return nil, err
	}
	return scanEach(rows, func(scan scanner) (epoch string, err error) { return epoch, scan(&epoch) })
}

// Adopt takes in what Redis has of the ledger's own records. tails are the last numbers there; what is missing up to them
// becomes a gap, which records fill. A record that the file has otherwise, open or under another number, is as Redis has
// it from then on; where the number is of an epoch that the file does not know, it is another ledger's, and leaves this one.
func (l *Ledger) Adopt(ctx context.Context, tails []billing.Tail, records []billing.Numbered) error {
	return l.enqueue(ctx, newChange(adoption{tails: tails, records: records}))
}

// Conclude closes as interrupted what earlier starts left open, and takes gaps for good: their records exist nowhere.
func (l *Ledger) Conclude(ctx context.Context) error {
	for ids := range slices.Chunk(l.left, maxBatch) {
		if err := l.enqueue(ctx, newChange(interruption{ids: ids, at: l.startedAt})); err != nil {
			return err
		}
	}
	return l.enqueue(ctx, newChange(conclusion{place: l.place, asked: true}))
}
