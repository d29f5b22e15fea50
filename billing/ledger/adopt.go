package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"voicerelay/billing"
)

// adoption takes in records as Redis has them, with their numbers.
type adoption struct {
	tails   []billing.Tail
	records []billing.Numbered
}

func (m adoption) apply(b *batch) (missed, err error) {
	for _, t := range m.tails {
		if err := b.extend(t); err != nil {
			return nil, fmt.Errorf("note what is missing: %w", err)
		}
	}
	for i := range m.records {
		if err := b.adopt(&m.records[i]); err != nil {
			return nil, fmt.Errorf("take in record %s: %w", m.records[i].Record.ID, err)
		}
	}
	return nil, nil
}

// extend makes a gap of the numbers between the last one and the one that Redis has. The present epoch has none: its
// numbers are given out here.
func (b *batch) extend(t billing.Tail) error {
	epoch, err := b.makeEpoch(t.Epoch)
	if err != nil || epoch == b.epoch {
		return err
	}
	var last int64
	err = b.row(`SELECT last FROM tails WHERE epoch = ? AND tenant = ?`, epoch, t.Tenant).Scan(&last)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	if t.Last <= last {
		return nil
	}
	if err := b.addGap(epoch, t.Tenant, last+1, t.Last, false); err != nil {
		return err
	}
	_, err = b.do(upsertTail, epoch, t.Tenant, t.Last)
	return err
}

// makeEpoch is the row of an epoch, which begins with the time of its start.
func (b *batch) makeEpoch(name string) (n int64, err error) {
	if n, err = b.findEpoch(name); err != nil || n != 0 {
		return n, err
	}
	started, err := epochStart(name)
	if err != nil {
		return 0, err
	}
	err = b.row(`INSERT INTO epochs (epoch, started_at) VALUES (?, ?) RETURNING n`, name, started).Scan(&n)
	return n, err
}

// findEpoch is the row of an epoch; 0: there is none.
func (b *batch) findEpoch(name string) (n int64, err error) {
	err = b.row(`SELECT n FROM epochs WHERE epoch = ?`, name).Scan(&n)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	return n, err
}

// adopt has a record be as Redis has it.
func (b *batch) adopt(n *billing.Numbered) error {
	epoch, err := b.findEpoch(n.Epoch)
	if err != nil {
		return err
	}
	here, err := b.remove(n.Record.ID, epoch, n.Seq)
	if err != nil || here || epoch == 0 {
		return err
	}
	filled, err := b.fillGap(epoch, n.Tenant, n.Seq)
	if err != nil || !filled {
		return err // what is not in a gap went with the retention
	}
	missed, err := admission{entry: n.Record}.apply(b)
	if err = errorsFirst(err, missed); err != nil {
		return err
	}
	_, err = b.close(n.Record, epoch, n.Seq)
	return err
}

// remove takes a record out of the file and its sums; its number becomes a gap. here: it has this very number, and stays.
func (b *batch) remove(recordID string, epoch, seq int64) (here bool, err error) {
	rows, err := b.conn.QueryContext(context.Background(), selectJoined("r.record_id = ?", "r.record_id"), recordID, 1)
	if err != nil {
		return false, err
	}
	found, err := scanJoined(rows)
	if err != nil || len(found) == 0 {
		return false, err
	}
	n := found[0]
	if n.Seq != 0 {
		had, err := b.findEpoch(n.Epoch)
		if err != nil || (had == epoch && n.Seq == seq) {
			return true, err
		}
		if err := b.addGap(had, n.Tenant, n.Seq, n.Seq, true); err != nil {
			return false, err
		}
		for _, share := range n.Record.Shares() {
			if err := b.subtract(share); err != nil {
				return false, err
			}
		}
	}
	const attempts = `DELETE FROM attempts WHERE record = (SELECT id FROM records WHERE record_id = ?)`
	if err := b.exec(attempts, recordID); err != nil {
		return false, err
	}
	return false, b.exec(`DELETE FROM records WHERE record_id = ?`, recordID)
}

// subtract takes a share out of its sum, which goes with the last one.
func (b *batch) subtract(s billing.Share) error {
	k, v := s.Key, s.Value
	const at = ` WHERE hour = ? AND tenant = ? AND key = ? AND route = ? AND provider = ? AND model = ? AND voice = ?
  AND outcome = ? AND currency = ?`
	key := []any{k.Hour, k.Tenant, k.Key, k.Route, k.Provider, k.Model, k.Voice, string(k.Outcome), k.Currency}
	const less = `UPDATE sums SET generations = generations - ?, attempts = attempts - ?, characters = characters - ?,
  audio_ms = audio_ms - ?, cost_micros = cost_micros - ?, unpriced = unpriced - ?, estimated = estimated - ?, spoken = spoken - ?`
	values := []any{v.Generations, v.Attempts, v.Characters, v.AudioMS, v.Micros, v.Unpriced, v.Estimated, v.Spoken}
	if err := b.exec(less+at, append(values, key...)...); err != nil {
		return err
	}
	const over = ` AND generations = 0 AND attempts = 0 AND characters = 0 AND audio_ms = 0 AND cost_micros = 0 AND unpriced = 0
  AND estimated = 0 AND spoken = 0`
	return b.exec(`DELETE FROM sums`+at+over, key...)
}
