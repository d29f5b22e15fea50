package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"reflect"
	"testing"

	"github.com/rs/zerolog"

	"voicerelay/billing"
	"voicerelay/billing/ledger/filelock"
)

// earlier is a file as version 1 left it: two records closed, with their sums, and one open.
func earlier(t *testing.T) string {
	t.Helper()
	file := fresh(t)
	tables, err := os.ReadFile("testdata/schema-1.sql")
	if err != nil {
		t.Fatal(err)
	}
	tamper(t, file, "PRAGMA journal_mode = wal", string(tables),
		fmt.Sprintf("PRAGMA application_id = %d", applicationID), "PRAGMA user_version = 1",
		`INSERT INTO file (relay, secret) VALUES ('relay-1', zeroblob(32));
INSERT INTO epochs VALUES (1, '019caaaaaaaaABCDEFGHIJKLMNOP', 1772357400000);
INSERT INTO records (id, record_id, generation_id, tenant, key, session_id, context_id, route, admitted_at, ended_at, characters,
  bytes, audio_ms, outcome, code, price_list, epoch, seq) VALUES
  (1, 'rec-0', 'g0', 'acme', 'bot', 's', '', 'default', 1772357400000, 1772357402000, 40, 44, 2000, 'completed', '', 'x', 1, 1),
  (2, 'rec-1', 'g1', 'acme', 'bot', 's', '', 'default', 1772357400000, 1772357402000, 40, 44, 2000, 'completed', '', 'x', 1, 2),
  (3, 'rec-2', 'g2', 'acme', 'bot', 's', '', 'default', 1772357400000, NULL, 40, 44, 0, NULL, '', '`+prices().Hash()+`', NULL, NULL);
INSERT INTO attempts VALUES (3, 0, 'elm', '', 'v', 1772357400000, NULL, NULL, '', '', 10, 10, 1, 0, NULL, NULL, 'unavailable', 0);
INSERT INTO tails VALUES (1, 'acme', 2, 0);
INSERT INTO sums VALUES (492321, 'acme', 'bot', 'default', '', '', '', 'completed', '', 2, 0, 80, 4000, 0, 0, 0);`)
	return file
}

// A relay goes on with the file of an earlier version: nothing of it is lost, and what was open is priced by the list that
// is in force, if it is the one that the entry names.
func TestALedgerOfAnEarlierVersionGoesOn(t *testing.T) {
	file := earlier(t)
	l := mustOpen(t, Config{Path: file, Prices: prices(), Log: zerolog.Nop()})
	speak(t, l, "rec-3", "acme", morning)
	got := records(t, l)
	mustEqual(t, "records", ids(got), []string{"rec-0", "rec-1", "rec-2", "rec-3"})
	if cut := got[2]; cut.Outcome != billing.Interrupted || cut.Attempts[0].Cost.Money.Micros != 100 {
		t.Errorf("what was open = %+v, want it interrupted for 100 micro-units", cut)
	}
	mustStop(t, l)
	mustBeSound(t, file)
}

// A reader needs no relay to have started before, but none of the earlier version beside it.
func TestAReaderOpensAnEarlierVersion(t *testing.T) {
	file := earlier(t)
	_, lock, err := filelock.Prepare(file)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := OpenReader(t.Context(), file); !errors.Is(err, errOlder) {
		t.Errorf("beside a relay of the earlier version: %v, want %v", err, errOlder)
	}
	if err := lock.Close(); err != nil {
		t.Fatal(err)
	}
	if v := mustBeSound(t, file); v.Records != 2 || v.Open != 1 {
		t.Errorf("%+v, want two records and one open", v)
	}
}

// Whichever way a file came to this version, it has the same tables.
func TestMigratedTablesAreThoseOfANewFile(t *testing.T) {
	file := earlier(t)
	mustBeSound(t, file)
	l, other := opened(t)
	defer func() { _ = l }()
	mustEqual(t, "columns", columns(t, file), columns(t, other))
}

func columns(t *testing.T, file string) (all []string) {
	t.Helper()
	db, err := openReading(file)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }() // it only read
	const query = `SELECT m.name, c.name, c.type, c."notnull", COALESCE(c.dflt_value, ''), c.pk
  FROM sqlite_schema m, pragma_table_info(m.name) c WHERE m.type = 'table' ORDER BY m.name, c.cid`
	rows, err := db.QueryContext(context.Background(), query)
	if err != nil {
		t.Fatal(err)
	}
	all, err = scanEach(rows, func(scan scanner) (string, error) {
		var table, column, kind, fallback string
		var notNull, key sql.NullInt64
		err := scan(&table, &column, &kind, &notNull, &fallback, &key)
		return fmt.Sprint(table, ".", column, " ", kind, notNull.Int64, fallback, key.Int64), err
	})
	if err != nil || len(all) == 0 || reflect.DeepEqual(all, []string{""}) {
		t.Fatal(err)
	}
	return all
}
