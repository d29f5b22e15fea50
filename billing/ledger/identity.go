package ledger

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

// Relay names the file: the same at each start on it, and no other ledger's.
func (r *Reader) Relay(ctx context.Context) (string, error) {
	var relay string
	if err := r.db.QueryRowContext(ctx, `SELECT relay FROM file`).Scan(&relay); err != nil {
		return "", fmt.Errorf("read the ledger's name: %w", asDamage(err))
	}
	return relay, nil
}

// OldestOpen is the earliest admission among the generations that are not closed yet; ok is false where there are none.
func (r *Reader) OldestOpen(ctx context.Context) (admitted time.Time, ok bool, err error) {
	var ms sql.NullInt64
	const query = `SELECT MIN(admitted_at) FROM records WHERE outcome IS NULL`
	if err := r.db.QueryRowContext(ctx, query).Scan(&ms); err != nil {
		return time.Time{}, false, fmt.Errorf("read what is open: %w", asDamage(err))
	}
	return time.UnixMilli(ms.Int64).UTC(), ms.Valid, nil
}

// Relay is Reader's.
func (l *Ledger) Relay(ctx context.Context) (string, error) { return l.reader.Relay(ctx) }

// OldestOpen is Reader's.
func (l *Ledger) OldestOpen(ctx context.Context) (admitted time.Time, ok bool, err error) {
	return l.reader.OldestOpen(ctx)
}

// Available is why nothing can be written, and so nothing is admitted; nil: it can.
func (l *Ledger) Available() error { return l.available() }
