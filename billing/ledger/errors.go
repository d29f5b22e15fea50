package ledger

import (
	"context"
	"errors"
	"fmt"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"voicerelay/billing/ledger/filelock"
)

// What callers tell apart.
var (
	// ErrLocked: another process writes this ledger.
	ErrLocked = filelock.ErrLocked
	// ErrDamaged: the file is not, or no longer, a sound database.
	ErrDamaged = errors.New("ledger is damaged; move the file away to begin a new one")
	// ErrForeign: the file is a database of something else, or of a newer version.
	ErrForeign = errors.New("file is not a ledger of this version")
	// ErrUnavailable: nothing is admitted, as the file can't be written.
	ErrUnavailable = errors.New("ledger can't be written")
	// ErrKept: a close is kept in memory and tried again.
	ErrKept = errors.New("ledger can't be written; the record is kept in memory")
	// ErrDropped: a close can't be kept either. The next start closes the record as interrupted.
	ErrDropped = errors.New("ledger can't be written, and too many records are kept in memory")
	// ErrDuplicate: the record's id was admitted before.
	ErrDuplicate = errors.New("record was admitted before")
	// ErrNotOpen: the record was not admitted, or has been closed.
	ErrNotOpen = errors.New("record is not open")
	// ErrStopped: the ledger has been stopped.
	ErrStopped = errors.New("ledger is stopped")
)

// errUnended is a caller's mistake.
var errUnended = errors.New("a record that is closed has an outcome and an end")

// What keeps the writer from connecting again.
var (
	errMoved    = errors.New("the file was moved or removed")
	errReplaced = errors.New("the file was replaced by an older copy while the relay runs: restart it")
)

// code is SQLite's own primary code of an error; 0: it is not SQLite's.
func code(err error) int {
	var e *sqlite.Error
	if !errors.As(err, &e) {
		return 0
	}
	return e.Code() & 0xff // the rest says more about the same
}

// isDamage reports whether an error says that the file is not a sound database.
func isDamage(err error) bool {
	return code(err) == sqlite3.SQLITE_CORRUPT || code(err) == sqlite3.SQLITE_NOTADB
}

// asDamage names damage as such, with its cause.
func asDamage(err error) error {
	if isDamage(err) {
		return fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	return err
}

// isRefusal reports whether the database took offense at the data, rather than failed: trying again is no use.
func isRefusal(err error) bool {
	switch code(err) {
	case sqlite3.SQLITE_CONSTRAINT, sqlite3.SQLITE_MISMATCH, sqlite3.SQLITE_TOOBIG, sqlite3.SQLITE_RANGE:
		return true
	}
	return false
}

// wasInterrupted reports whether a statement was cut short by its context.
func wasInterrupted(err error) bool {
	return code(err) == sqlite3.SQLITE_INTERRUPT || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled)
}
