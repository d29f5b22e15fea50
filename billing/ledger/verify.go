package ledger

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"voicerelay/billing"
)

// Verification is what a check of a ledger found.
type Verification struct {
	// Records are closed; Open are running, or were when the relay was last heard of.
	Records, Open int64
	// Lacking is how many records the file is known to lack: it was restored from a copy that is older than they are.
	Lacking int64
	// Faults are what does not hold, maxFaults at most. A sound ledger has none.
	Faults []string
}

// maxFaults bounds what is told: the rest is likely more of the same.
const maxFaults = 100

// Verify checks a ledger, whether a relay writes it or not: SQLite's own integrity, numbers without gaps, exactly one
// close of each record, and sums that equal the records. It sees one state of the file, which can't shrink its log
// meanwhile; some ten thousand records take a second.
func Verify(ctx context.Context, path string) (Verification, error) {
	r, err := OpenReader(ctx, path)
	if err != nil {
		return Verification{}, err
	}
	v := &verifier{}
	err = v.run(ctx, r.db)
	if err = errorsFirst(err, r.Close()); err != nil {
		return Verification{}, fmt.Errorf("verify ledger %s: %w", path, asDamage(err))
	}
	return v.found, nil
}

type verifier struct {
	tx    *sql.Tx
	found Verification
}

func (v *verifier) run(ctx context.Context, db *sql.DB) (err error) {
	if v.tx, err = db.BeginTx(ctx, &sql.TxOptions{ReadOnly: true}); err != nil {
		return err
	}
	defer func() { _ = v.tx.Rollback() }() // nothing was changed
	for _, check := range []func(context.Context) error{v.integrity, v.count, v.closes, v.numbers, v.sums} {
		if err := check(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (v *verifier) fault(format string, args ...any) {
	if len(v.found.Faults) < maxFaults {
		v.found.Faults = append(v.found.Faults, fmt.Sprintf(format, args...))
	}
}

// integrity has SQLite look at every page, index and constraint.
func (v *verifier) integrity(ctx context.Context) error {
	return v.each(ctx, fmt.Sprintf("PRAGMA integrity_check(%d)", maxFaults), func(rows *sql.Rows) error {
		var found string
		if err := rows.Scan(&found); err != nil {
			return err
		}
		if found != "ok" {
			v.fault("integrity: %s", found)
		}
		return nil
	})
}

func (v *verifier) count(ctx context.Context) error {
	const query = `SELECT COUNT(outcome), COUNT(*) - COUNT(outcome), (SELECT COALESCE(SUM(last - first + 1), 0) FROM gaps) FROM records`
	return v.tx.QueryRowContext(ctx, query).Scan(&v.found.Records, &v.found.Open, &v.found.Lacking)
}

// closes finds records that are closed by half or twice, and attempts of no record.
func (v *verifier) closes(ctx context.Context) error {
	checks := []struct{ name, query string }{
		{"record closed by half", `SELECT record_id FROM records
  WHERE (outcome IS NULL) <> (seq IS NULL) OR (outcome IS NULL) <> (ended_at IS NULL) OR (outcome IS NULL) <> (epoch IS NULL)`},
		{"record entered twice", `SELECT record_id FROM records NOT INDEXED GROUP BY record_id HAVING COUNT(*) > 1`},
		{"attempt of no record", `SELECT record || '/' || number FROM attempts WHERE record NOT IN (SELECT id FROM records)`},
		{"record whose number is said to be lacking", `SELECT r.record_id FROM gaps g JOIN records r
  ON r.epoch = g.epoch AND r.tenant = g.tenant AND r.seq BETWEEN g.first AND g.last`},
		{"known gap that is none", `SELECT g.tenant || ', ' || g.first || ' to ' || g.last FROM gaps g
  LEFT JOIN tails t ON t.epoch = g.epoch AND t.tenant = g.tenant
  WHERE t.last IS NULL OR g.first <= t.pruned OR g.last > t.last OR g.first > g.last`},
		{"record of no epoch", `SELECT record_id FROM records WHERE epoch IS NOT NULL AND epoch NOT IN (SELECT n FROM epochs)`},
	}
	for _, c := range checks {
		err := v.each(ctx, fmt.Sprintf("%s LIMIT %d", c.query, maxFaults), func(rows *sql.Rows) error {
			var id string
			if err := rows.Scan(&id); err != nil {
				return err
			}
			v.fault("%s: %s", c.name, id)
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// numbers finds holes: between what has gone with the retention and the tail, each number is there once, or in a known gap.
func (v *verifier) numbers(ctx context.Context) error {
	const query = `SELECT COALESCE(e.epoch, ''), k.tenant, COALESCE(t.last, 0), COALESCE(t.pruned, 0),
  COUNT(r.seq), COUNT(DISTINCT r.seq), COALESCE(MIN(r.seq), 0), COALESCE(MAX(r.seq), 0),
  (SELECT COALESCE(SUM(g.last - g.first + 1), 0) FROM gaps g WHERE g.epoch = k.epoch AND g.tenant = k.tenant)
FROM (SELECT epoch, tenant FROM tails UNION SELECT epoch, tenant FROM gaps
  UNION SELECT epoch, tenant FROM records WHERE seq IS NOT NULL) k
LEFT JOIN tails t ON t.epoch = k.epoch AND t.tenant = k.tenant
LEFT JOIN epochs e ON e.n = k.epoch
LEFT JOIN records r ON r.epoch = k.epoch AND r.tenant = k.tenant AND r.seq IS NOT NULL
GROUP BY k.epoch, k.tenant`
	return v.each(ctx, query, func(rows *sql.Rows) error {
		var epoch, tenant string
		var last, pruned, count, distinct, least, most, lacking int64
		if err := rows.Scan(&epoch, &tenant, &last, &pruned, &count, &distinct, &least, &most, &lacking); err != nil {
			return err
		}
		if count+lacking != last-pruned || distinct != count || (count > 0 && (least <= pruned || most > last)) {
			v.fault("numbers of epoch %s, tenant %s: %d of them, from %d to %d, and %d known to be lacking, where %d to %d are due",
				epoch, tenant, count, least, most, lacking, pruned+1, last)
		}
		return nil
	})
}

// sums adds all records up again, an hour at a time, and compares.
func (v *verifier) sums(ctx context.Context) error {
	hours, err := v.hours(ctx)
	if err != nil {
		return err
	}
	for _, hour := range hours {
		got, err := v.sumsOf(ctx, hour)
		if err != nil {
			return err
		}
		want := make(map[billing.SumKey]billing.SumValue)
		err = eachAdmitted(ctx, v.tx, hour*millisPerHour, (hour+1)*millisPerHour, func(r *billing.Record) {
			for _, s := range r.Shares() {
				want[s.Key] = want[s.Key].Plus(s.Value)
			}
		})
		if err != nil {
			return err
		}
		v.compare(got, want)
	}
	return nil
}

// hours are those that have records or sums, and still have all of them.
func (v *verifier) hours(ctx context.Context) (hours []int64, err error) {
	const query = `SELECT hour FROM sums UNION SELECT admitted_at / 3600000 FROM records WHERE outcome IS NOT NULL`
	var first int64
	err = v.tx.QueryRowContext(ctx, `SELECT COALESCE(MAX(value), 0) FROM meta WHERE name = 'pruned_before'`).Scan(&first)
	if err != nil {
		return nil, err
	}
	err = v.each(ctx, query, func(rows *sql.Rows) error {
		var hour int64
		if err := rows.Scan(&hour); err != nil {
			return err
		}
		if hour >= first {
			hours = append(hours, hour)
		}
		return nil
	})
	return hours, err
}

func (v *verifier) sumsOf(ctx context.Context, hour int64) (map[billing.SumKey]billing.SumValue, error) {
	const query = `SELECT hour, tenant, key, route, provider, model, voice, outcome, currency,
  generations, attempts, characters, audio_ms, cost_micros, unpriced, estimated, spoken FROM sums WHERE hour = ?`
	sums := make(map[billing.SumKey]billing.SumValue)
	err := v.each(ctx, query, func(rows *sql.Rows) error {
		s, err := scanSum(rows)
		sums[s.Key] = s.Value
		return err
	}, hour)
	return sums, err
}

func (v *verifier) compare(got, want map[billing.SumKey]billing.SumValue) {
	for k, w := range want {
		if g := got[k]; g != w {
			v.fault("sum of %s: %+v, where the records give %+v", sumName(k), g, w)
		}
	}
	for k := range got {
		if _, ok := want[k]; !ok {
			v.fault("sum of %s: there are no records of it", sumName(k))
		}
	}
}

func sumName(k billing.SumKey) string {
	at := time.UnixMilli(k.Hour * millisPerHour).UTC().Format("2006-01-02T15")
	return fmt.Sprintf("hour %s, tenant %q, key %q, route %q, provider %q, model %q, voice %q, outcome %q, currency %q",
		at, k.Tenant, k.Key, k.Route, k.Provider, k.Model, k.Voice, k.Outcome, k.Currency)
}

// each shows the rows of a query.
func (v *verifier) each(ctx context.Context, query string, show func(rows *sql.Rows) error, args ...any) (err error) {
	rows, err := v.tx.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer func() { err = errorsFirst(err, rows.Close()) }()
	for rows.Next() {
		if err := show(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}
