package ledger

import (
	"context"
	"fmt"
	"time"

	"voicerelay/billing"
)

// KeptClaim is a claim of an earlier start that still stands, with its generation.
type KeptClaim struct {
	Claim
	GenerationID string
	Outcome      billing.Outcome
}

// Claim notes that an admitted generation uses an idempotency key. It is to come before the entry, with which, or
// before which, it is committed. It waits for nothing but room, as long as ctx allows.
func (l *Ledger) Claim(ctx context.Context, c Claim) {
	select {
	case l.queue <- newChange(claiming{c}):
	case <-ctx.Done():
	case <-l.done:
	}
}

// Heard notes that the generation of a claim was heard, so that a crash does not free its key. It never waits, as
// Progress does not.
func (l *Ledger) Heard(recordID string) {
	select {
	case l.queue <- newChange(hearing{recordID}):
	default:
	}
}

// Secret keys the hashes of claims. It is the file's own, and the same at each start.
func (l *Ledger) Secret(ctx context.Context) (secret [32]byte, err error) {
	var raw []byte
	if err := l.reader.db.QueryRowContext(ctx, `SELECT secret FROM file`).Scan(&raw); err != nil {
		return secret, fmt.Errorf("read the ledger's secret: %w", asDamage(err))
	}
	if copy(secret[:], raw) != len(secret) {
		return secret, fmt.Errorf("read the ledger's secret: %w", ErrDamaged)
	}
	return secret, nil
}

// Claims are those of earlier starts that stand at a time: of generations that were heard.
func (l *Ledger) Claims(ctx context.Context, at time.Time) (claims []KeptClaim, err error) {
	const query = `SELECT c.record_id, c.tenant, c.hash, c.expires_at, r.generation_id, r.outcome
  FROM claims c JOIN records r ON r.record_id = c.record_id
  WHERE c.expires_at > ? AND (c.heard OR r.audio_ms > 0) AND r.outcome IS NOT NULL ORDER BY c.expires_at`
	rows, err := l.reader.db.QueryContext(ctx, query, at.UnixMilli())
	if err != nil {
		return nil, fmt.Errorf("read claims: %w", asDamage(err))
	}
	defer func() { err = errorsFirst(err, rows.Close()) }()
	for rows.Next() {
		var c KeptClaim
		var hash []byte
		var expires int64
		if err := rows.Scan(&c.RecordID, &c.Tenant, &hash, &expires, &c.GenerationID, &c.Outcome); err != nil {
			return nil, fmt.Errorf("read claims: %w", err)
		}
		copy(c.Hash[:], hash)
		c.Expires = time.UnixMilli(expires).UTC()
		claims = append(claims, c)
	}
	return claims, rows.Err()
}
