package ledger

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"voicerelay/billing"
)

// Events is what is kept for sinks of events.
type Events struct {
	Sinks []billing.Sink
	// Keep is how long an event is kept for a sink that does not take it, beyond the retention of records if need be; 0: 30 days.
	Keep time.Duration
	// Most is how many events are kept; 0: a million.
	Most int64
}

func (e Events) withDefaults() Events {
	if e.Keep == 0 {
		e.Keep = 30 * 24 * time.Hour
	}
	if e.Most == 0 {
		e.Most = 1_000_000
	}
	return e
}

// wants reports whether any sink wants events of a type. The others are not kept.
func (e *Events) wants(t billing.EventType) bool {
	return slices.ContainsFunc(e.Sinks, func(s billing.Sink) bool { return slices.Contains(s.Types, t) })
}

// subscription puts sinks in place of those before.
type subscription struct{ events Events }

func (m subscription) apply(b *batch) (missed, err error) {
	*b.events = m.events
	names := []string{}
	for _, s := range m.events.Sinks {
		names = append(names, s.Name)
		types, err := json.Marshal(s.Types)
		if err != nil {
			return err, nil
		}
		// A new one begins with what is kept for the others, so that one that is renamed misses nothing.
		const upsert = `INSERT INTO sinks (name, types, sent) VALUES (?, ?, COALESCE((SELECT MIN(n) - 1 FROM events),
  (SELECT seq FROM sqlite_sequence WHERE name = 'events'), 0)) ON CONFLICT (name) DO UPDATE SET types = excluded.types`
		if err := b.exec(upsert, s.Name, string(types)); err != nil {
			return nil, err
		}
	}
	if err := b.exec(`DELETE FROM sinks WHERE name NOT IN (SELECT value FROM json_each(?))`, jsonList(names)); err != nil {
		return nil, err
	}
	return nil, b.dropSent()
}

// dropSent removes the events that all sinks have.
func (s *store) dropSent() error {
	return s.exec(`DELETE FROM events WHERE n <= COALESCE((SELECT MIN(sent) FROM sinks), 9223372036854775807)`)
}

// publication keeps an event, unless it was told before.
type publication struct {
	event billing.Event
	until time.Time // it is told once until then; zero: it is new
	first *bool
}

func (m publication) apply(b *batch) (missed, err error) {
	*m.first = true
	if !m.until.IsZero() {
		n, err := b.do(insertTold, m.event.ID, m.until.UnixMilli())
		if err != nil {
			return nil, err
		}
		*m.first = n > 0
	}
	if !*m.first || !b.events.wants(m.event.Type) {
		return nil, nil
	}
	_, err = b.do(insertEvent, m.event.ID, string(m.event.Type), m.event.Subject, m.event.Time.UnixMilli(), nil, string(m.event.Data))
	return nil, err
}

// publishEnd keeps that a record was closed.
func (b *batch) publishEnd(r *billing.Record) error {
	if !b.events.wants(billing.GenerationEnded) {
		return nil
	}
	_, err := b.do(insertEvent, r.ID, string(billing.GenerationEnded), r.Tenant, r.EndedAt.UnixMilli(), r.AdmittedAt.UnixMilli(), nil)
	return err
}

// delivery notes how far a sink has come.
type delivery struct {
	sink string
	n    int64
}

func (m delivery) apply(b *batch) (missed, err error) {
	if err := b.exec(`UPDATE sinks SET sent = MAX(sent, ?) WHERE name = ?`, m.n, m.sink); err != nil {
		return nil, err
	}
	return nil, b.dropSent()
}

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

// pruneEvents drops what was kept for too long. Sinks that lack it go on behind it.
func (s *store) pruneEvents() error {
	// Events are about in the order of their times: the first that is young enough ends those that go.
	const last = `SELECT MAX(COALESCE((SELECT n FROM events WHERE at >= ? ORDER BY n LIMIT 1) - 1, MAX(n), 0), COALESCE(MAX(n) - ?, 0)) FROM events`
	var gone int64
	if err := s.row(last, now().Add(-s.events.Keep).UnixMilli(), s.events.Most).Scan(&gone); err != nil {
		return err
	}
	const drop = `UPDATE sinks SET sent = ?1, dropped = dropped + (SELECT COUNT(*) FROM events WHERE n > sinks.sent
  AND n <= ?1 AND type IN (SELECT value FROM json_each(sinks.types))) WHERE sent < ?1`
	if err := s.exec(drop, gone); err != nil {
		return err
	}
	if err := s.exec(`DELETE FROM told WHERE expires_at < ?`, now().UnixMilli()); err != nil {
		return err
	}
	return s.dropSent()
}

// unsentHour is the hour before which no record is that a sink has yet to be sent, at most the given one.
func (s *store) unsentHour(hour int64) (int64, error) {
	var oldest *int64
	err := s.row(`SELECT MIN(admitted_at) FROM events WHERE admitted_at IS NOT NULL`).Scan(&oldest)
	if err != nil || oldest == nil {
		return hour, err
	}
	return min(hour, billing.Hour(time.UnixMilli(*oldest))), nil
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
