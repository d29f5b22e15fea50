package ledger

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"voicerelay/billing"
)

// pruneBatch is how many records go in one transaction, so that no entry waits long for it.
const pruneBatch = 500

// pruneBreak is left between two such transactions for others.
const pruneBreak = 20 * time.Millisecond

// prune removes some of what is older than the retention. It returns when to go on.
func (l *Ledger) prune() time.Duration {
	w := l.writer
	if w.store == nil {
		return pruneEvery
	}
	err := w.store.transact(w.store.pruneEvents)
	removed := int64(0)
	if err == nil && w.retention > 0 {
		removed, err = w.store.prune(billing.Hour(time.Now().Add(-w.retention)))
	}
	switch {
	case err != nil:
		_ = w.disconnect() // rolls back
		l.setFailing(err)
		return pruneEvery
	case removed > 0:
		return pruneBreak
	}
	return pruneEvery
}

// prune removes records that were admitted before an hour, the oldest numbers first, so that what stays is without
// gaps. One that was closed after a younger one goes with it later.
func (s *store) prune(hour int64) (removed int64, err error) {
	if err := s.relax(false); err != nil {
		return 0, err
	}
	if hour, err = s.unsentHour(hour); err != nil { // what a sink has yet to be sent stays
		return 0, fmt.Errorf("prune: %w", err)
	}
	cutoff := time.Unix(hour*int64(time.Hour/time.Second), 0).UnixMilli()
	err = s.transact(func() error {
		tails, err := s.expiredTails(cutoff)
		if err != nil {
			return err
		}
		for _, t := range tails {
			n, err := s.pruneTail(t, cutoff)
			if err != nil {
				return err
			}
			removed += n
		}
		return s.pruneSums(hour)
	})
	if err != nil {
		return 0, fmt.Errorf("prune: %w", err)
	}
	return removed, nil
}

// expiredTail is an epoch and tenant with records that may go.
type expiredTail struct {
	epoch  int64
	tenant string
}

func (s *store) expiredTails(cutoff int64) (tails []expiredTail, err error) {
	const query = `SELECT DISTINCT epoch, tenant FROM (SELECT epoch, tenant FROM records
  WHERE admitted_at < ? AND seq IS NOT NULL ORDER BY admitted_at LIMIT ?)`
	rows, err := s.conn.QueryContext(context.Background(), query, cutoff, pruneBatch)
	if err != nil {
		return nil, err
	}
	defer func() { err = errorsFirst(err, rows.Close()) }()
	for rows.Next() {
		var t expiredTail
		if err := rows.Scan(&t.epoch, &t.tenant); err != nil {
			return nil, err
		}
		tails = append(tails, t)
	}
	return tails, rows.Err()
}

// pruneTail removes the first numbers of an epoch and tenant, up to the first that is young enough to stay.
func (s *store) pruneTail(t expiredTail, cutoff int64) (removed int64, err error) {
	const last = `SELECT MAX(seq) FROM (SELECT seq, MAX(admitted_at) OVER (ORDER BY seq) AS youngest
  FROM (SELECT seq, admitted_at FROM records WHERE epoch = ?1 AND tenant = ?2 AND seq IS NOT NULL ORDER BY seq LIMIT ?4))
  WHERE youngest < ?3`
	var upTo sql.NullInt64
	row := s.conn.QueryRowContext(context.Background(), last, t.epoch, t.tenant, cutoff, pruneBatch)
	if err := row.Scan(&upTo); err != nil || !upTo.Valid {
		return 0, err
	}
	const gone = `epoch = ? AND tenant = ? AND seq IS NOT NULL AND seq <= ?`
	err = s.exec(`DELETE FROM attempts WHERE record IN (SELECT id FROM records WHERE `+gone+`)`, t.epoch, t.tenant, upTo.Int64)
	if err != nil {
		return 0, err
	}
	result, err := s.conn.ExecContext(context.Background(), `DELETE FROM records WHERE `+gone, t.epoch, t.tenant, upTo.Int64)
	if err != nil {
		return 0, err
	}
	if removed, err = result.RowsAffected(); err != nil {
		return 0, err
	}
	return removed, s.exec(`UPDATE tails SET pruned = ? WHERE epoch = ? AND tenant = ?`, upTo.Int64, t.epoch, t.tenant)
}

// pruneSums removes sums of hours that are over, claims that are, and epochs that have nothing any more.
func (s *store) pruneSums(hour int64) error {
	if err := s.exec(`DELETE FROM sums WHERE hour < ?`, hour); err != nil {
		return err
	}
	if _, err := s.do(upsertMeta, "pruned_before", hour); err != nil {
		return err
	}
	if err := s.pruneGaps(hour); err != nil {
		return err
	}
	if err := s.exec(`DELETE FROM tails WHERE pruned = last AND epoch <> ?`, s.epoch); err != nil {
		return err
	}
	if err := s.exec(`DELETE FROM claims WHERE expires_at < ?`, now().UnixMilli()); err != nil {
		return err
	}
	return s.exec(`DELETE FROM epochs WHERE n <> ? AND n NOT IN (SELECT epoch FROM tails)`, s.epoch)
}
