package ledger

import (
	"database/sql"
	"errors"
)

// addGap notes numbers that the file has no records of. sought: they exist nowhere.
func (b *batch) addGap(epoch int64, tenant string, first, last int64, sought bool) error {
	return b.exec(`INSERT INTO gaps (epoch, tenant, first, last, sought) VALUES (?, ?, ?, ?, ?)`, epoch, tenant, first, last, sought)
}

// fillGap takes a number out of its gap. It reports whether it was in one.
func (b *batch) fillGap(epoch int64, tenant string, seq int64) (filled bool, err error) {
	var first, last int64
	var sought bool
	err = b.row(`DELETE FROM gaps WHERE epoch = ?1 AND tenant = ?2 AND first <= ?3 AND last >= ?3 RETURNING first, last, sought`,
		epoch, tenant, seq).Scan(&first, &last, &sought)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	if err == nil && first < seq {
		err = b.addGap(epoch, tenant, first, seq-1, sought)
	}
	if err == nil && seq < last {
		err = b.addGap(epoch, tenant, seq+1, last, sought)
	}
	return true, err
}

// pruneGaps lets gaps go that lie directly after what has gone with the retention, as if they had gone with it, and those of
// epochs that began before the retention and have no records.
func (s *store) pruneGaps(hour int64) error {
	const next = `UPDATE tails SET pruned = g.last FROM gaps g
  WHERE g.epoch = tails.epoch AND g.tenant = tails.tenant AND g.first = tails.pruned + 1 AND tails.pruned > 0`
	if err := s.exec(next); err != nil {
		return err
	}
	const empty = `UPDATE tails SET pruned = last WHERE pruned < last AND epoch <> ? AND epoch IN (SELECT n FROM epochs WHERE started_at < ?)
  AND NOT EXISTS (SELECT 1 FROM records r WHERE r.epoch = tails.epoch AND r.tenant = tails.tenant AND r.seq IS NOT NULL)`
	if err := s.exec(empty, s.epoch, hour*millisPerHour); err != nil {
		return err
	}
	return s.exec(`DELETE FROM gaps WHERE last <= (SELECT pruned FROM tails t WHERE t.epoch = gaps.epoch AND t.tenant = gaps.tenant)`)
}
