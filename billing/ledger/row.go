package ledger

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"voicerelay/billing"
)

// millis is a time as it stands in the file.
func millis(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UnixMilli()
}

// fromMillis is a time of the file.
func fromMillis(ms sql.NullInt64) time.Time {
	if !ms.Valid {
		return time.Time{}
	}
	return time.UnixMilli(ms.Int64).UTC()
}

// optional is a name that is NULL where it is empty.
func optional[T ~string](s T) any {
	if s == "" {
		return nil
	}
	return string(s)
}

// metadataJSON is the client's metadata as it stands in the file.
func metadataJSON(m map[string]string) (any, error) {
	if len(m) == 0 {
		return nil, nil
	}
	b, err := json.Marshal(m)
	if err != nil {
		return nil, fmt.Errorf("metadata: %w", err)
	}
	return string(b), nil
}

// costColumns are cost_micros, currency, cost_source and estimated.
func costColumns(c billing.Cost) []any {
	if !c.Known() {
		return []any{nil, nil, string(billing.Unavailable), false}
	}
	return []any{c.Money.Micros, optional(c.Money.Currency), string(c.Source), c.Estimated}
}

// joined are the columns of a record with one of its attempts; those of the attempt are NULL where there is none.
const joined = `r.id, COALESCE(e.epoch, ''), COALESCE(r.seq, 0), r.record_id, r.generation_id, r.tenant, r.key,
  r.session_id, r.context_id, r.route, r.admitted_at, r.ended_at, r.characters, r.bytes, r.audio_ms,
  COALESCE(r.outcome, ''), r.code, r.price_list, r.spoken, r.metadata,
  a.number, COALESCE(a.provider, ''), COALESCE(a.model, ''), COALESCE(a.voice, ''), a.started_at, a.ended_at,
  COALESCE(a.outcome, ''), COALESCE(a.code, ''), COALESCE(a.message, ''), COALESCE(a.characters, 0),
  COALESCE(a.bytes, 0), COALESCE(a.requests, 0), COALESCE(a.audio_ms, 0), COALESCE(a.upstream_id, ''), COALESCE(a.utf16_units, 0),
  COALESCE(a.chinese, 0), COALESCE(a.metered_characters, 0), COALESCE(a.input_tokens, 0), COALESCE(a.output_tokens, 0), COALESCE(a.cost_micros, 0),
  COALESCE(a.currency, ''), COALESCE(a.cost_source, ''), COALESCE(a.estimated, 0)`

// selectJoined reads the records that a condition chooses, in an order that ends with their id, each with its
// attempts in order. The last argument is their greatest number.
func selectJoined(condition, order string) string {
	return `SELECT ` + joined + `
FROM (SELECT * FROM records r WHERE ` + condition + ` ORDER BY ` + order + ` LIMIT ?) r
LEFT JOIN epochs e ON e.n = r.epoch
LEFT JOIN attempts a ON a.record = r.id
ORDER BY ` + order + `, a.number`
}

// row is one line of joined.
type row struct {
	id              int64
	numbered        billing.Numbered
	attempt         billing.Attempt
	number          sql.NullInt64 // of the attempt
	admitted, ended sql.NullInt64
	started, over   sql.NullInt64 // of the attempt
	audio, heard    int64         // milliseconds: to the client, of the attempt
	metadata        sql.NullString
}

func (r *row) scan(rows *sql.Rows) error {
	n, a := &r.numbered, &r.attempt
	rec, money := &n.Record, &a.Cost.Money
	err := rows.Scan(&r.id, &n.Epoch, &n.Seq, &rec.ID, &rec.GenerationID, &rec.Tenant, &rec.Key,
		&rec.SessionID, &rec.ContextID, &rec.Route, &r.admitted, &r.ended, &rec.Characters, &rec.Bytes, &r.audio,
		&rec.Outcome, &rec.Code, &rec.PriceList, &rec.Spoken, &r.metadata,
		&r.number, &a.Provider, &a.Model, &a.Voice, &r.started, &r.over,
		&a.Outcome, &a.Code, &a.Message, &a.Characters,
		&a.Bytes, &a.Requests, &r.heard, &a.UpstreamID, &a.UTF16Units,
		&a.Chinese, &a.Metered.Characters, &a.Metered.InputTokens, &a.Metered.OutputTokens, &money.Micros,
		&money.Currency, &a.Cost.Source, &a.Cost.Estimated)
	if err != nil {
		return err
	}
	n.Tenant = rec.Tenant
	rec.AdmittedAt, rec.EndedAt = fromMillis(r.admitted), fromMillis(r.ended)
	rec.Audio = time.Duration(r.audio) * time.Millisecond
	a.StartedAt, a.EndedAt = fromMillis(r.started), fromMillis(r.over)
	a.Audio = time.Duration(r.heard) * time.Millisecond
	if r.metadata.Valid {
		return json.Unmarshal([]byte(r.metadata.String), &rec.Metadata)
	}
	return nil
}

// scanJoined reads all that selectJoined gives, and closes it.
func scanJoined(rows *sql.Rows) (records []billing.Numbered, err error) {
	defer func() { err = errorsFirst(err, rows.Close()) }()
	last := int64(-1)
	for rows.Next() {
		var r row
		if err := r.scan(rows); err != nil {
			return nil, err
		}
		if r.id != last {
			records = append(records, r.numbered)
			last = r.id
		}
		if r.number.Valid {
			record := &records[len(records)-1].Record
			record.Attempts = append(record.Attempts, r.attempt)
		}
	}
	return records, rows.Err()
}

// errorsFirst is the first error that there is.
func errorsFirst(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// scanner reads a row's columns.
type scanner func(into ...any) error

// scanEach reads all rows, and closes them.
func scanEach[T any](rows *sql.Rows, read func(scan scanner) (T, error)) (all []T, err error) {
	defer func() { err = errorsFirst(err, rows.Close()) }()
	for rows.Next() {
		one, err := read(rows.Scan)
		if err != nil {
			return nil, err
		}
		all = append(all, one)
	}
	return all, rows.Err()
}

// jsonList is a list as json_each takes it.
func jsonList(list []string) string {
	raw, _ := json.Marshal(list) // strings always encode
	return string(raw)
}

const millisPerHour = int64(time.Hour / time.Millisecond)
