//go:build unix

package filelock

import (
	"errors"
	"os"
	"syscall"
)

// errLinks says that the lock next to the file would not keep others out.
var errLinks = errors.New("the file has several names (hard links): a relay may run on it by another one")

// refuseLinks is for where a file can't be locked itself: it may have one name only.
func refuseLinks(f *os.File) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if stat, ok := info.Sys().(*syscall.Stat_t); ok && stat.Nlink > 1 {
		return errLinks
	}
	return nil
}
