package ledger

import (
	"database/sql"
	"errors"
	"time"

	"voicerelay/billing"
)

// admission enters a record, with the price list that it names.
type admission struct {
	entry  billing.Record
	prices *billing.PriceList // nil: not known, or empty
}

// closing closes one. A kept one may have been written by the commit that seemed to fail.
type closing struct {
	record billing.Record
	kept   bool
}

// progress notes how an attempt stands.
type progress struct{ billing.Progress }

// withdrawal takes an entry back of which no client was told.
type withdrawal struct{ recordID string }

// probe finds out whether the file can be written.
type probe struct{ at time.Time }

// Claim is an idempotency key that a generation uses, as a keyed hash.
type Claim struct {
	RecordID, Tenant string
	Hash             [16]byte
	// Expires is when the key may be used again, if the generation is not heard for longer.
	Expires time.Time
}

// claiming notes a claim; hearing that its generation was heard.
type (
	claiming struct{ Claim }
	hearing  struct{ recordID string }
)

// conclusion notes where the file is, and that Redis was asked for all that is missing, if it was.
type conclusion struct {
	place string
	asked bool
}

func (m claiming) apply(b *batch) (missed, err error) {
	_, err = b.do(insertClaim, m.RecordID, m.Tenant, m.Hash[:], m.Expires.UnixMilli())
	return nil, err
}

func (m hearing) apply(b *batch) (missed, err error) {
	_, err = b.do(hearClaim, m.recordID)
	return nil, err
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

func (m conclusion) apply(b *batch) (missed, err error) {
	if m.asked {
		if err := b.exec(`UPDATE gaps SET sought = 1 WHERE sought = 0`); err != nil {
			return nil, err
		}
	}
	return nil, b.exec(`UPDATE file SET place = ? WHERE place <> ?`, m.place, m.place)
}
