package ledger

import (
	"encoding/json"
	"time"

	"voicerelay/billing"
)

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
