package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"voicerelay/billing/ledger/filelock"
)

// migrations bring a file from version 1, 2 … to the next one. What they add has a default that says "not known" of what
// is there already.
var migrations = [schemaVersion - 1]string{
	`ALTER TABLE file ADD COLUMN place TEXT NOT NULL DEFAULT '';
ALTER TABLE records ADD COLUMN spoken INTEGER NOT NULL DEFAULT 0;
ALTER TABLE sums ADD COLUMN spoken INTEGER NOT NULL DEFAULT 0;
CREATE TABLE gaps (
  epoch  INTEGER NOT NULL REFERENCES epochs (n),
  tenant TEXT    NOT NULL,
  first  INTEGER NOT NULL,
  last   INTEGER NOT NULL,
  sought INTEGER NOT NULL,
  PRIMARY KEY (epoch, tenant, first)
) STRICT, WITHOUT ROWID;
CREATE TABLE price_lists (
  hash TEXT PRIMARY KEY,
  list TEXT NOT NULL
) STRICT, WITHOUT ROWID;`,
	`ALTER TABLE attempts ADD COLUMN upstream_id TEXT NOT NULL DEFAULT '';`,
	`CREATE TABLE events (
  n           INTEGER PRIMARY KEY AUTOINCREMENT,
  id          TEXT    NOT NULL UNIQUE,
  type        TEXT    NOT NULL,
  subject     TEXT    NOT NULL,
  at          INTEGER NOT NULL,
  admitted_at INTEGER,
  data        TEXT
) STRICT;
CREATE INDEX events_admitted ON events (admitted_at) WHERE admitted_at IS NOT NULL;
CREATE TABLE sinks (
  name    TEXT    PRIMARY KEY,
  types   TEXT    NOT NULL,
  sent    INTEGER NOT NULL,
  dropped INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;
CREATE TABLE told (
  id         TEXT    PRIMARY KEY,
  expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;`,
	`ALTER TABLE attempts ADD COLUMN utf16_units INTEGER NOT NULL DEFAULT 0; ALTER TABLE attempts ADD COLUMN chinese INTEGER NOT NULL DEFAULT 0;
ALTER TABLE attempts ADD COLUMN metered_characters INTEGER NOT NULL DEFAULT 0; ALTER TABLE attempts ADD COLUMN input_tokens INTEGER NOT NULL DEFAULT 0;
ALTER TABLE attempts ADD COLUMN output_tokens INTEGER NOT NULL DEFAULT 0;`,
}

// migrate brings a file to this version, all steps or none. Whoever calls holds the file's lock.
func migrate(ctx context.Context, path string) (err error) {
	db, err := openWriting(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return asDamage(err)
	}
	defer func() { _ = tx.Rollback() }() // does nothing after a commit
	if err := migrateIn(ctx, tx); err != nil {
		return fmt.Errorf("bring the file to this version: %w", asDamage(err))
	}
	return tx.Commit()
}

func migrateIn(ctx context.Context, tx *sql.Tx) error {
	var version int
	if err := tx.QueryRowContext(ctx, "PRAGMA user_version").Scan(&version); err != nil {
		return err
	}
	for ; version < schemaVersion; version++ {
		if _, err := tx.ExecContext(ctx, migrations[version-1]); err != nil {
			return err
		}
	}
	_, err := tx.ExecContext(ctx, fmt.Sprintf("PRAGMA user_version = %d", schemaVersion))
	return err
}

// migrateUnused does the same for a reader, where no relay writes the file.
func migrateUnused(ctx context.Context, path string) error {
	resolved, lock, err := filelock.Prepare(path)
	if errors.Is(err, ErrLocked) {
		return fmt.Errorf("%w, and a relay of that version writes it", errOlder)
	}
	if err != nil {
		return err
	}
	return errors.Join(migrate(ctx, resolved), lock.Close())
}
