package ledger

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	sqlite3 "modernc.org/sqlite/lib"
)

// CheckPath reports why a ledger can't be opened at a path, as far as that shows without making or locking anything. The
// file need not be there, nor its folder.
func CheckPath(path string) error {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return checkFolder(filepath.Dir(path))
	case err != nil:
		return bare(err)
	case !info.Mode().IsRegular():
		return errors.New("is no file")
	case info.Size() == 0: // it becomes one
		return nil
	}
	if err := usable(path); err != nil {
		return bare(err)
	}
	return checkLedger(path)
}

// checkPatience bounds the look into a file that another program may have locked.
const checkPatience = 2 * time.Second

// checkLedger looks into a file by SQLite's own means: if this process writes it, to open and close it otherwise would end
// the locks that SQLite has on it.
func checkLedger(path string) (err error) {
	ctx, cancel := context.WithTimeout(context.Background(), checkPatience)
	defer cancel()
	db, err := openReading(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	switch _, err := checkForm(ctx, db); {
	case errors.Is(err, ErrForeign), code(err) == sqlite3.SQLITE_NOTADB:
		return errors.New("can't open ledger: it is a file, but no ledger of this version")
	case errors.Is(err, errOlder):
		return nil
	default:
		return err
	}
}

// checkFolder reports why a file can't be made in a folder, which is made with those above it.
func checkFolder(dir string) error {
	info, err := os.Stat(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist) && filepath.Dir(dir) != dir:
		return checkFolder(filepath.Dir(dir))
	case err != nil:
		return bare(err)
	case !info.IsDir():
		return fmt.Errorf("%s is no folder", dir)
	}
	if err := writable(dir); err != nil {
		return fmt.Errorf("%s can't be written to: %w", dir, err)
	}
	return nil
}

// bare is an error without the path, which the caller knows.
func bare(err error) error {
	if cause := (*fs.PathError)(nil); errors.As(err, &cause) {
		return cause.Err
	}
	return err
}
