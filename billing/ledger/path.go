package ledger

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// sqliteHeader is what every database file begins with, by SQLite's file format.
const sqliteHeader = "SQLite format 3\x00"

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
	}
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return bare(err)
	}
	defer f.Close() // nothing was written
	header := make([]byte, len(sqliteHeader))
	switch n, err := io.ReadFull(f, header); {
	case n == 0: // empty: it becomes one
		return nil
	case err != nil || string(header) != sqliteHeader:
		return errors.New("is a file, but no ledger")
	}
	return nil
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

// bare is an error without the path, which whoever asked knows.
func bare(err error) error {
	if cause := (*fs.PathError)(nil); errors.As(err, &cause) {
		return cause.Err
	}
	return err
}
