package ledger

import (
	"context"
	"database/sql"
	"fmt"
	"slices"

	"voicerelay/billing"
)

// Sums answers with sums of closed records. Whole hours come from the hourly sums, what is before and after them
// from the records themselves.
func (r *Reader) Sums(ctx context.Context, q billing.SumsQuery) (billing.Report, error) {
	if err := q.Validate(); err != nil {
		return billing.Report{}, err
	}
	tx, err := r.db.BeginTx(ctx, &sql.TxOptions{ReadOnly: true}) // one state of the file for all of it
	if err != nil {
		return billing.Report{}, fmt.Errorf("read sums: %w", asDamage(err))
	}
	defer func() { _ = tx.Rollback() }() // nothing was changed
	sums, err := readSums(ctx, tx, q)
	if err != nil {
		return billing.Report{}, fmt.Errorf("read sums: %w", asDamage(err))
	}
	groups, err := billing.GroupSums(q, sums)
	if err != nil {
		return billing.Report{}, fmt.Errorf("read sums: %w", err)
	}
	return billing.Report{From: q.From, To: q.To, Groups: groups}, nil
}

func readSums(ctx context.Context, tx *sql.Tx, q billing.SumsQuery) ([]billing.Share, error) {
	from, to := q.From.UnixMilli(), q.To.UnixMilli()
	if q.Metadata.Key != "" { // which only records have
		return sumRecords(ctx, tx, q, from, to)
	}
	firstHour, endHour := (from+millisPerHour-1)/millisPerHour, to/millisPerHour
	if firstHour >= endHour {
		return sumRecords(ctx, tx, q, from, to)
	}
	before, err := sumRecords(ctx, tx, q, from, firstHour*millisPerHour)
	if err != nil {
		return nil, err
	}
	whole, err := sumHours(ctx, tx, q, firstHour, endHour)
	if err != nil {
		return nil, err
	}
	behind, err := sumRecords(ctx, tx, q, endHour*millisPerHour, to)
	return append(append(before, whole...), behind...), err
}

// Columns of the hourly sums, as far as a question has use for them. Hours are taken to what they are grouped by.
func sumColumns(q billing.SumsQuery) (selected, grouped string) {
	selected, grouped = "", "currency"
	hour, hourly := "hour / 24 * 24", billing.ByDay
	switch {
	case slices.Contains(q.GroupBy, billing.ByHour):
		hour, hourly = "hour", billing.ByHour
	case slices.Contains(q.GroupBy, billing.ByMonth):
		hour, hourly = "CAST(strftime('%s', hour * 3600, 'unixepoch', 'start of month') AS INTEGER) / 3600", billing.ByMonth
	}
	columns := []struct {
		name, expression string
		by               billing.Dimension
	}{
		{"hour", hour, hourly},
		{"tenant", "tenant", billing.ByTenant},
		{"key", "key", billing.ByKey},
		{"route", "route", billing.ByRoute},
		{"provider", "provider", billing.ByProvider},
		{"model", "model", billing.ByModel},
		{"voice", "voice", billing.ByVoice},
		{"outcome", "outcome", billing.ByOutcome},
	}
	for _, c := range columns {
		if !slices.Contains(q.GroupBy, c.by) {
			c.expression = "''"
			if c.name == "hour" {
				c.expression = "0"
			}
		} else {
			grouped += ", " + c.expression
		}
		selected += c.expression + ", "
	}
	return selected, grouped
}

const sumValues = `SUM(generations), SUM(attempts), SUM(characters), SUM(audio_ms), SUM(cost_micros), SUM(unpriced),
  SUM(estimated), SUM(spoken)`

// sumRefused is what can't be told from sums of several outcomes.
const sumRefused = `SUM(CASE WHEN outcome = 'failed' AND provider = '' THEN characters - spoken ELSE 0 END)`

// sumFilter are the conditions of a filter, on the hourly sums.
const sumFilter = ` AND (?6 = '' OR key = ?6) AND (?7 = '' OR route = ?7) AND (?8 = '' OR outcome = ?8)
  AND (?9 = '' OR provider = ?9) AND (?10 = '' OR model = ?10) AND (?11 = '' OR voice = ?11)`

// sumHours adds up hourly sums, in the database.
func sumHours(ctx context.Context, tx *sql.Tx, q billing.SumsQuery, from, to int64) (sums []billing.Share, err error) {
	selected, grouped := sumColumns(q)
	query := `SELECT ` + selected + `currency, ` + sumValues + `, ` + sumRefused + ` FROM sums
  WHERE hour >= ?1 AND hour < ?2 AND (?3 = '' OR tenant = ?3) AND (provider <> '') = ?4` + sumFilter + ` GROUP BY ` + grouped + ` LIMIT ?5`
	limit := -1 // none
	if q.MaxGroups > 0 {
		limit = q.MaxGroups + 1 // one more tells that there are too many
	}
	rows, err := tx.QueryContext(ctx, query, from, to, q.Tenant, q.OfAttempts(), limit,
		q.Key, q.Route, string(q.Outcome), q.Provider, q.Model, q.Voice)
	if err != nil {
		return nil, err
	}
	defer func() { err = errorsFirst(err, rows.Close()) }()
	for rows.Next() {
		var refused int64
		s, err := scanSum(rows, &refused)
		s.Value.Refused = refused
		if err != nil {
			return nil, err
		}
		if sums = append(sums, s); q.Exceeds(len(sums)) {
			return nil, billing.ErrTooManyGroups
		}
	}
	return sums, rows.Err()
}

// scanSum reads the columns of a key and its sums, and what follows them.
func scanSum(rows *sql.Rows, more ...any) (s billing.Share, err error) {
	k, v := &s.Key, &s.Value
	into := []any{
		&k.Hour, &k.Tenant, &k.Key, &k.Route, &k.Provider, &k.Model, &k.Voice, &k.Outcome, &k.Currency,
		&v.Generations, &v.Attempts, &v.Characters, &v.AudioMS, &v.Micros, &v.Unpriced, &v.Estimated, &v.Spoken,
	}
	err = rows.Scan(append(into, more...)...)
	return s, err
}

// sumRecords adds up records: of less than an hour, or those that have some metadata.
func sumRecords(ctx context.Context, tx *sql.Tx, q billing.SumsQuery, from, to int64) ([]billing.Share, error) {
	sums := make(map[billing.SumKey]billing.SumValue)
	err := eachAdmitted(ctx, tx, from, to, func(r *billing.Record) {
		if q.Tenant != "" && q.Tenant != r.Tenant || !q.Metadata.In(r.Metadata) {
			return
		}
		for _, s := range r.Shares() {
			if (s.Key.Provider != "") == q.OfAttempts() && q.WantsSum(s.Key) {
				s = q.CoarseShare(s)
				sums[s.Key] = sums[s.Key].Plus(s.Value)
			}
		}
	})
	if q.Exceeds(len(sums)) { // they were few enough to gather
		return nil, billing.ErrTooManyGroups
	}
	shares := make([]billing.Share, 0, len(sums))
	for k, v := range sums {
		shares = append(shares, billing.Share{Key: k, Value: v})
	}
	return shares, err
}

// eachAdmitted shows the closed records that were admitted in a time, a page at a time.
func eachAdmitted(ctx context.Context, tx *sql.Tx, from, to int64, show func(r *billing.Record)) error {
	const where = `r.admitted_at < ? AND (r.admitted_at, r.record_id) > (?, ?) AND r.outcome IS NOT NULL`
	at, id := from, ""
	for from < to {
		rows, err := tx.QueryContext(ctx, selectJoined(where, "r.admitted_at, r.record_id"), to, at, id, maxPage)
		if err != nil {
			return err
		}
		page, err := scanJoined(rows)
		if err != nil {
			return err
		}
		for i := range page {
			show(&page[i].Record)
		}
		if len(page) < maxPage {
			return nil
		}
		last := page[len(page)-1].Record
		at, id = last.AdmittedAt.UnixMilli(), last.ID
	}
	return nil
}
