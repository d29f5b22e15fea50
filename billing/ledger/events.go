package ledger

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"voicerelay/billing"
)

// UseSinks has events be kept for other sinks from now on. What was kept for those that are left out is gone, once the others have it.
func (l *Ledger) UseSinks(ctx context.Context, e Events) error {
	return l.change(ctx, subscription{e.withDefaults()})
}

// Publish keeps an event for those sinks that want it, and returns when that is on the disk. With a time, what has its id is told once
// until then: first reports whether it is the first.
func (l *Ledger) Publish(ctx context.Context, e billing.Event, until time.Time) (first bool, err error) {
	err = l.change(ctx, publication{e, until, &first})
	return first, err
}

// Sent notes that a sink has all events up to a number, and returns when that is on the disk.
func (l *Ledger) Sent(ctx context.Context, sink string, n int64) error {
	return l.change(ctx, delivery{sink, n})
}

// change has the writer make a change, and waits for it.
func (l *Ledger) change(ctx context.Context, m mutation) error {
	if err := l.available(); err != nil {
		return err
	}
	return l.enqueue(ctx, newChange(m))
}

// Pending is what a sink was not sent, from the oldest on, at most limit events of any type; dropped is how many it will never be
// sent, since the sink was known.
func (l *Ledger) Pending(ctx context.Context, sink string, limit int) (events []billing.Event, dropped int64, err error) {
	return l.reader.pending(ctx, sink, limit)
}

func (r *Reader) pending(ctx context.Context, sink string, limit int) (events []billing.Event, dropped int64, err error) {
	var sent int64
	if err := r.db.QueryRowContext(ctx, `SELECT sent, dropped FROM sinks WHERE name = ?`, sink).Scan(&sent, &dropped); err != nil {
		return nil, 0, fmt.Errorf("look for sink %s: %w", sink, asDamage(err))
	}
	rows, err := r.db.QueryContext(ctx, `SELECT n, id, type, subject, at, COALESCE(data, '') FROM events WHERE n > ? ORDER BY n LIMIT ?`, sent, limit)
	if err != nil {
		return nil, 0, fmt.Errorf("read events: %w", asDamage(err))
	}
	events, err = scanEach(rows, func(scan scanner) (e billing.Event, err error) {
		var at int64
		var data string
		err = scan(&e.N, &e.ID, &e.Type, &e.Subject, &at, &data)
		e.Time = time.UnixMilli(at).UTC()
		if data != "" {
			e.Data = json.RawMessage(data)
		}
		return e, err
	})
	if err != nil {
		return nil, 0, fmt.Errorf("read events: %w", asDamage(err))
	}
	return events, dropped, r.addRecords(ctx, events)
}

// addRecords gives events of ended generations their records.
func (r *Reader) addRecords(ctx context.Context, events []billing.Event) error {
	var ids []string
	for _, e := range events {
		if e.Type == billing.GenerationEnded {
			ids = append(ids, e.ID)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	const these = "r.record_id IN (SELECT value FROM json_each(?)) AND r.outcome IS NOT NULL"
	rows, err := r.db.QueryContext(ctx, selectJoined(these, "r.record_id"), jsonList(ids), len(ids))
	if err != nil {
		return fmt.Errorf("read records of events: %w", asDamage(err))
	}
	found, err := scanJoined(rows)
	if err != nil {
		return fmt.Errorf("read records of events: %w", asDamage(err))
	}
	byID := make(map[string]*billing.Record, len(found))
	for i := range found {
		byID[found[i].Record.ID] = &found[i].Record
	}
	for i := range events {
		events[i].Record = byID[events[i].ID]
	}
	return nil
}
