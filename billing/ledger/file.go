package ledger

import (
	"context"
	"crypto/rand"
	"database/sql"
	_ "embed" // for the schema
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"strings"
	"time"
)

//go:embed schema.sql
var schema string

// What marks a file as a ledger, and which one.
const (
	applicationID = 0x766f7278 // "vorx", SQLite's field for it
	schemaVersion = 5
)

// startCheck bounds the check of the whole file at the start: what is larger is checked as far as that takes it.
const startCheck = 2 * time.Second

// busyPatience is how long someone else's lock is waited for, in milliseconds: a shell that has a transaction open.
const busyPatience = 1000

// source is the driver's name for a file.
func source(path string, params url.Values) (string, error) {
	absolute, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	name := filepath.ToSlash(absolute)
	if !strings.HasPrefix(name, "/") {
		name = "/" + name // a drive's letter
	}
	u := url.URL{Scheme: "file", Path: name, RawQuery: params.Encode()}
	return u.String(), nil
}

// openWriting opens a file for its one writer.
func openWriting(path string) (*sql.DB, error) {
	pragmas := []string{
		fmt.Sprintf("busy_timeout(%d)", busyPatience),
		"journal_mode(wal)",
		"synchronous(full)",
		"journal_size_limit(67108864)", // bytes; what a burst made of the log is given back
		"foreign_keys(off)",            // the writer makes the rows of both sides, and Verify checks them
		"trusted_schema(off)",
	}
	name, err := source(path, url.Values{"_pragma": pragmas, "mode": {"rw"}})
	if err != nil {
		return nil, err
	}
	db, err := sql.Open("sqlite", name)
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	return db, nil
}

// openReading opens a file for reading, whether a writer has it open or not.
func openReading(path string) (*sql.DB, error) {
	params := url.Values{"mode": {"ro"}, "_pragma": {fmt.Sprintf("busy_timeout(%d)", busyPatience), "trusted_schema(off)"}}
	name, err := source(path, params)
	if err != nil {
		return nil, err
	}
	db, err := sql.Open("sqlite", name)
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(maxReaders)
	return db, nil
}

// maxReaders bounds the reports that are made at a time.
const maxReaders = 4

// checkForm reports whether a file is a ledger; fresh: it is empty. The error is errOlder where it is one to be migrated.
func checkForm(ctx context.Context, db *sql.DB) (fresh bool, err error) {
	var id, version, pages int64
	for pragma, value := range map[string]*int64{"application_id": &id, "user_version": &version, "page_count": &pages} {
		if err := db.QueryRowContext(ctx, "PRAGMA "+pragma).Scan(value); err != nil {
			return false, asDamage(err)
		}
	}
	var tables int64
	if err := db.QueryRowContext(ctx, "SELECT COUNT(*) FROM sqlite_schema").Scan(&tables); err != nil {
		return false, asDamage(err)
	}
	switch {
	case id == 0 && version == 0 && tables == 0:
		return true, nil
	case id != applicationID || version < 1 || version > schemaVersion:
		return false, ErrForeign
	case version < schemaVersion:
		return false, errOlder
	}
	return false, nil
}

// create makes the tables, all or none.
func create(ctx context.Context, db *sql.DB) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // does nothing after a commit
	marks := fmt.Sprintf("PRAGMA application_id = %d; PRAGMA user_version = %d;", applicationID, schemaVersion)
	if _, err := tx.ExecContext(ctx, schema+marks); err != nil {
		return err
	}
	secret := make([]byte, 32)
	_, _ = rand.Read(secret) // never fails: crypto/rand ends the process instead
	if _, err := tx.ExecContext(ctx, `INSERT INTO file (relay, secret) VALUES (?, ?)`, newEpoch(now()), secret); err != nil {
		return err
	}
	return tx.Commit()
}

// checkSound looks for damage, for as long as startCheck allows.
func checkSound(ctx context.Context, db *sql.DB) error {
	ctx, cancel := context.WithTimeout(ctx, startCheck)
	defer cancel()
	var found string
	err := db.QueryRowContext(ctx, "PRAGMA quick_check(1)").Scan(&found)
	switch {
	case err != nil && wasInterrupted(err):
		return nil
	case err != nil:
		return asDamage(err)
	case found != "ok":
		return fmt.Errorf("%w: %s", ErrDamaged, found)
	}
	return nil
}

// errOlder says that a file must be brought to this version first.
var errOlder = errors.New("ledger is of an earlier version")

// SQLite writes its log again once all of it is in the file, which a reader that stays holds up: then it grows with each
// commit, by some megabytes a second under load. In the common case it has 4 MB, after a burst up to 64.
const (
	walWarning  = 64 << 20 // bytes beyond which the operator is told
	walSilence  = 10 * time.Minute
	walSuffix   = "-wal"
	walReminder = "a reader holds up the ledger's log, which grows until it closes: look for programs that have the file open"
)
