package ledger

import (
	"database/sql"
	"errors"

	"voicerelay/billing"
)

// batch is what one transaction gathers.
type batch struct {
	*store
	sums   map[billing.SumKey]billing.SumValue
	closed map[string]bool // tenants whose tail has moved
}

// finish writes what the changes add up to.
func (b *batch) finish() error {
	for tenant := range b.closed {
		if _, err := b.do(upsertTail, b.epoch, tenant, b.tails[tenant]); err != nil {
			return err
		}
	}
	for k, v := range b.sums {
		_, err := b.do(upsertSum, k.Hour, k.Tenant, k.Key, k.Route, k.Provider, k.Model, k.Voice, string(k.Outcome),
			k.Currency, v.Generations, v.Attempts, v.Characters, v.AudioMS, v.Micros, v.Unpriced, v.Estimated, v.Spoken)
		if err != nil {
			return err
		}
	}
	return nil
}

// close closes a record under a number, and adds it to the sums. found is false where it is not open.
func (b *batch) close(r billing.Record, epoch, seq int64) (found bool, err error) {
	var id int64
	var admitted sql.NullInt64
	// What the entry said stands, so that sums and record agree.
	err = b.query(closeRecord, r.EndedAt.UnixMilli(), r.Characters, r.Bytes, r.Audio.Milliseconds(), string(r.Outcome),
		r.Code, r.PriceList, r.Spoken, epoch, seq, r.ID, r.Tenant).Scan(&id, &r.Key, &r.Route, &admitted)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	r.AdmittedAt = fromMillis(admitted)
	for _, share := range r.Shares() {
		b.sums[share.Key] = b.sums[share.Key].Plus(share.Value)
	}
	if err := b.publishEnd(&r); err != nil {
		return false, err
	}
	return true, b.writeAttempts(id, r.Attempts)
}

// writeAttempts replaces what was known of a record's attempts.
func (b *batch) writeAttempts(record int64, attempts []billing.Attempt) error {
	if _, err := b.do(trimAttempts, record, len(attempts)); err != nil {
		return err
	}
	for i := range attempts {
		args := append([]any{record}, attemptArguments(i, &attempts[i])...)
		if _, err := b.do(insertAttempt, args...); err != nil {
			return err
		}
	}
	return nil
}

// publishEnd keeps that a record was closed.
func (b *batch) publishEnd(r *billing.Record) error {
	if !b.events.wants(billing.GenerationEnded) {
		return nil
	}
	_, err := b.do(insertEvent, r.ID, string(billing.GenerationEnded), r.Tenant, r.EndedAt.UnixMilli(), r.AdmittedAt.UnixMilli(), nil)
	return err
}
