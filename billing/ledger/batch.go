package ledger

import (
	"database/sql"
	"errors"
	"time"

	"voicerelay/billing"
)

// batch is what one transaction gathers.
type batch struct {
	*store
	sums   map[billing.SumKey]billing.SumValue
	closed map[string]bool // tenants whose tail has moved
}

// apply does changes in their order. The change that an error came from, if it came from one, is returned with it.
func (s *store) apply(changes []*change) (offender *change, err error) {
	b := &batch{store: s, sums: make(map[billing.SumKey]billing.SumValue), closed: make(map[string]bool)}
	if err := s.relax(nobodyWaits(changes)); err != nil {
		return nil, err
	}
	err = s.transact(func() error {
		for _, c := range changes {
			if c.refused {
				continue
			}
			if c.result, err = c.mutation.apply(b); err != nil {
				offender = c
				return err
			}
		}
		return b.finish()
	})
	if err == nil {
		for tenant := range b.closed {
			s.committed[tenant] = s.tails[tenant]
		}
	}
	return offender, err
}

// nobodyWaits reports whether no caller waits for any of the changes to be on the disk.
func nobodyWaits(changes []*change) bool {
	for _, c := range changes {
		switch c.mutation.(type) {
		case progress, claiming, hearing:
		default:
			return false
		}
	}
	return true
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

func (m admission) apply(b *batch) (missed, err error) {
	r := &m.entry
	metadata, err := metadataJSON(r.Metadata)
	if err != nil {
		return err, nil
	}
	if err := b.keepPrices(m.prices); err != nil {
		return nil, err
	}
	n, err := b.do(insertRecord, r.ID, r.GenerationID, r.Tenant, r.Key, r.SessionID, r.ContextID, r.Route,
		r.AdmittedAt.UnixMilli(), r.Characters, r.Bytes, r.PriceList, metadata)
	if err == nil && n == 0 {
		return ErrDuplicate, nil
	}
	return nil, err
}

func (m closing) apply(b *batch) (missed, err error) {
	seq := b.tails[m.record.Tenant] + 1
	found, err := b.close(m.record, b.epoch, seq)
	if err != nil {
		return nil, err
	}
	if !found {
		return m.miss(b)
	}
	b.tails[m.record.Tenant] = seq
	b.closed[m.record.Tenant] = true
	return nil, nil
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
	return true, b.writeAttempts(id, r.Attempts)
}

// miss says what it means that no open record was found.
func (m closing) miss(b *batch) (missed, err error) {
	var closed bool
	err = b.query(isClosed, m.record.ID).Scan(&closed)
	switch {
	case err != nil && !errors.Is(err, sql.ErrNoRows):
		return nil, err
	case closed && m.kept:
		return nil, nil // the commit that seemed to fail did not
	}
	return ErrNotOpen, nil
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

func (m progress) apply(b *batch) (missed, err error) {
	_, err = b.do(noteProgress, append(attemptArguments(m.Number, &m.Attempt), m.RecordID)...)
	return nil, err // one of a record that is closed already has nothing to say
}

func (m withdrawal) apply(b *batch) (missed, err error) {
	if _, err := b.do(deleteAttempts, m.recordID); err != nil {
		return nil, err
	}
	_, err = b.do(deleteRecord, m.recordID)
	return nil, err
}

func (m probe) apply(b *batch) (missed, err error) {
	_, err = b.do(upsertMeta, "probed_at", m.at.UnixMilli())
	return nil, err
}

// now is when something is written, as the file has it.
func now() time.Time { return time.Now().UTC().Truncate(time.Millisecond) }
