package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strconv"
	"strings"

	"voicerelay/billing"
)

// Reader answers questions about a ledger, whether a relay writes it or not. It changes nothing.
type Reader struct{ db *sql.DB }

// maxPage bounds the records that are read at a time.
const maxPage = 1000

// OpenReader opens a ledger for reading. Whoever opens it closes it. A file of an earlier version that no relay writes is
// brought to this one first.
func OpenReader(ctx context.Context, path string) (*Reader, error) {
	if _, err := os.Stat(path); err != nil {
		return nil, fmt.Errorf("open ledger: %w", err) // SQLite would say less
	}
	db, err := readable(ctx, path)
	if errors.Is(err, errOlder) {
		if err = migrateUnused(ctx, path); err == nil {
			db, err = readable(ctx, path)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("open ledger %s: %w", path, err)
	}
	return &Reader{db: db}, nil
}

// readable opens a file that is a ledger of this version.
func readable(ctx context.Context, path string) (*sql.DB, error) {
	db, err := openReading(path)
	if err != nil {
		return nil, err
	}
	fresh, err := checkForm(ctx, db)
	if err == nil && fresh {
		err = ErrForeign
	}
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

// Close closes the file.
func (r *Reader) Close() error { return r.db.Close() }

// Records answers with a page of closed records, in the order of their admission. What is closed later may belong
// before a cursor.
func (r *Reader) Records(ctx context.Context, q billing.RecordsQuery) (billing.RecordPage, error) {
	limit := min(max(q.Limit, 1), maxPage)
	where, args, err := recordsWhere(q)
	if err != nil {
		return billing.RecordPage{}, err
	}
	records, err := r.joined(ctx, selectJoined(where, "r.admitted_at, r.record_id"), append(args, limit)...)
	if err != nil {
		return billing.RecordPage{}, fmt.Errorf("read records: %w", err)
	}
	page := billing.RecordPage{Records: make([]billing.Record, len(records))}
	for i := range records {
		page.Records[i] = records[i].Record
	}
	if len(records) == limit {
		page.NextCursor = cursorBehind(&page.Records[limit-1])
	}
	if err := billing.AddUnitPrices(ctx, r, page.Records); err != nil {
		return billing.RecordPage{}, err
	}
	return page, nil
}

// recordsWhere is the condition of a question.
func recordsWhere(q billing.RecordsQuery) (where string, args []any, err error) {
	conditions := []string{"r.outcome IS NOT NULL"}
	add := func(condition string, values ...any) {
		conditions = append(conditions, condition)
		args = append(args, values...)
	}
	if !q.From.IsZero() || !q.To.IsZero() {
		if !q.From.Before(q.To) {
			return "", nil, billing.ErrRange
		}
		add("r.admitted_at >= ? AND r.admitted_at < ?", q.From.UnixMilli(), q.To.UnixMilli())
	}
	if q.Cursor != "" {
		at, id, err := readCursor(q.Cursor)
		if err != nil {
			return "", nil, err
		}
		add("(r.admitted_at, r.record_id) > (?, ?)", at, id)
	}
	for _, c := range []struct{ condition, value string }{
		{"r.tenant = ?", q.Tenant}, {"r.key = ?", q.Key}, {"r.route = ?", q.Route}, {"r.outcome = ?", string(q.Outcome)}, {"r.record_id = ?", q.RecordID}, {"r.generation_id = ?", q.GenerationID},
	} {
		if c.value != "" {
			add(c.condition, c.value)
		}
	}
	if q.OfAttempts() {
		add(`EXISTS (SELECT 1 FROM attempts f WHERE f.record = r.id AND (?= '' OR f.provider = ?) AND (? = '' OR f.model = ?)
  AND (? = '' OR f.voice = ?))`, q.Provider, q.Provider, q.Model, q.Model, q.Voice, q.Voice)
	}
	if q.Metadata.Key != "" {
		add(`EXISTS (SELECT 1 FROM json_each(r.metadata) m WHERE m.key = ? AND m.value = ?)`, q.Metadata.Key, q.Metadata.Value)
	}
	return strings.Join(conditions, " AND "), args, nil
}

// cursorBehind names the place after a record.
func cursorBehind(r *billing.Record) string {
	return strconv.FormatInt(r.AdmittedAt.UnixMilli(), 36) + "." + url.QueryEscape(r.ID)
}

func readCursor(cursor string) (at int64, id string, err error) {
	stamp, escaped, ok := strings.Cut(cursor, ".")
	at, errStamp := strconv.ParseInt(stamp, 36, 64)
	id, errID := url.QueryUnescape(escaped)
	if !ok || errStamp != nil || errID != nil {
		return 0, "", billing.ErrCursor
	}
	return at, id, nil
}

// Unshipped answers with the records of an epoch and tenant whose numbers follow after, in their order, limit at most.
func (r *Reader) Unshipped(ctx context.Context, epoch, tenant string, after int64, limit int) ([]billing.Numbered, error) {
	const where = "r.epoch = (SELECT n FROM epochs WHERE epoch = ?) AND r.tenant = ? AND r.seq > ? AND r.seq IS NOT NULL"
	query := selectJoined(where, "r.seq")
	records, err := r.joined(ctx, query, epoch, tenant, after, min(max(limit, 1), maxPage))
	if err != nil {
		return nil, fmt.Errorf("read numbered records: %w", err)
	}
	return records, nil
}

// Tails answers with the last number of every epoch and tenant that has records, the oldest epoch first.
func (r *Reader) Tails(ctx context.Context) (tails []billing.Tail, err error) {
	const query = `SELECT e.epoch, t.tenant, t.last FROM tails t JOIN epochs e ON e.n = t.epoch
  WHERE t.last > t.pruned ORDER BY t.epoch, t.tenant`
	rows, err := r.db.QueryContext(ctx, query)
	if err != nil {
		return nil, fmt.Errorf("read tails: %w", asDamage(err))
	}
	defer func() { err = errorsFirst(err, rows.Close()) }()
	for rows.Next() {
		var t billing.Tail
		if err := rows.Scan(&t.Epoch, &t.Tenant, &t.Last); err != nil {
			return nil, fmt.Errorf("read tails: %w", err)
		}
		tails = append(tails, t)
	}
	return tails, rows.Err()
}

func (r *Reader) joined(ctx context.Context, query string, args ...any) ([]billing.Numbered, error) {
	rows, err := r.db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, asDamage(err)
	}
	records, err := scanJoined(rows)
	return records, asDamage(err)
}
