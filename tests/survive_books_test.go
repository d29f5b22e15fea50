package tests

import (
	"database/sql"
	"path/filepath"
	"strings"
	"testing"
)

// A bookedRow is a generation as it stands in a ledger's file.
type bookedRow struct {
	record, generation, outcome string
}

// rows are all records in a relay's file, whose ends must be known.
func (r *relay) rows(t *testing.T) (all []bookedRow) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(r.dir, "data", "ledger.db")+"?mode=ro")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	found, err := db.Query("SELECT record_id, generation_id, outcome FROM records")
	if err != nil {
		t.Fatal(err)
	}
	defer found.Close()
	for found.Next() {
		var row bookedRow
		if err := found.Scan(&row.record, &row.generation, &row.outcome); err != nil {
			t.Fatal(err)
		}
		all = append(all, row)
	}
	if err := found.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}

// booked checks that each generation that a client saw accepted has one record in one of the ledgers and one in Redis,
// which say what the client was told, and that no generation has two. Relays share a Redis, and nothing runs on them.
func (w *crowd) booked(relays ...*relay) {
	w.t.Helper()
	var rows []bookedRow
	for _, r := range relays {
		rows = append(rows, r.rows(w.t)...)
	}
	var sums report
	eventually(w.t, "Redis to have all of the ledgers", func() bool {
		sums = relays[0].usage(w.t, opsKey, "")
		return sums.Complete && len(sums.Groups) == 1 && sums.Groups[0].Generations >= int64(len(rows))
	})
	shipped := relays[0].records(w.t, opsKey, "limit=1000")
	if sum := sums.Groups[0].Generations; sum != int64(len(shipped)) || sum != int64(len(rows)) {
		w.t.Errorf("%d records in the ledgers, %d in Redis, whose sums say %d", len(rows), len(shipped), sum)
	}
	w.inLedgers(rows)
	w.inRedis(shipped)
	for _, r := range relays {
		if got := run(w.t, r.dir, "", "ledger", "verify"); got.code != 0 || !strings.Contains(got.out, "records compared") {
			w.t.Errorf("verify ends with %d:\n%s%s", got.code, got.out, got.errout)
		}
	}
}

func (w *crowd) inLedgers(rows []bookedRow) {
	w.t.Helper()
	records, generations, outcomes := map[string]int{}, map[string]int{}, map[string]int{}
	strange := 0
	for _, row := range rows {
		records[row.record]++
		generations[row.generation]++
		outcomes[row.outcome]++
		if w.told[row.record] == nil {
			strange++
		}
	}
	for id, n := range generations {
		if n != 1 {
			w.t.Errorf("generation %s has %d records in the ledgers", id, n)
		}
	}
	for record := range w.told {
		if n := records[record]; n != 1 {
			w.t.Errorf("%d records in the ledgers of what was accepted as %s", n, record)
		}
	}
	w.t.Logf("%d generations accepted, each has one record: %v; %d records of generations whose answer was under way",
		len(w.told), outcomes, strange)
}

func (w *crowd) inRedis(shipped []record) {
	w.t.Helper()
	seen := map[string]int{}
	for _, rec := range shipped {
		seen[rec.RecordID]++
		k := w.told[rec.RecordID]
		switch {
		case k == nil && !w.kills:
			w.t.Errorf("a record that nobody was told of: %+v", rec)
		case k != nil && (k.generation != rec.GenerationID || k.tenant != rec.Tenant):
			w.t.Errorf("record %+v of generation %s of %s", rec, k.generation, k.tenant)
		case k != nil && k.end != nil && !sameEnd(w.t, rec, *k.end):
			w.t.Errorf("record %+v of %s", rec, k.end)
		case k != nil && k.end == nil && !w.kills:
			w.t.Errorf("no client heard of the end of %+v", rec)
		}
	}
	for record := range w.told {
		if n := seen[record]; n != 1 {
			w.t.Errorf("%d records in Redis of what was accepted as %s", n, record)
		}
	}
}

// sameEnd reports whether a record says what the client was told with done.
func sameEnd(t *testing.T, rec record, done message) bool {
	return rec.Outcome == done.Reason && rec.Characters == done.Usage.Characters && rec.AudioMS == done.Usage.AudioMS &&
		asJSON(t, rec.Cost) == asJSON(t, done.Usage.Cost) && asJSON(t, rec.Attempts) == asJSON(t, done.Usage.Attempts)
}
