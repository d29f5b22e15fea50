package filelock

import (
	"errors"
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// lockByte lies beyond any byte of the file, and beyond those that SQLite locks (at 1 GiB).
const lockByte = 1<<62 - 1

// lockInode takes a lock on the file itself, whatever its name, without waiting. It is the open file's own: that SQLite opens
// and closes the file in this process does not touch it.
func lockInode(f *os.File) error {
	lock := unix.Flock_t{Type: unix.F_WRLCK, Whence: io.SeekStart, Start: lockByte, Len: 1}
	err := unix.FcntlFlock(f.Fd(), unix.F_OFD_SETLK, &lock)
	switch {
	case errors.Is(err, unix.EAGAIN), errors.Is(err, unix.EACCES):
		return ErrLocked
	case errors.Is(err, unix.EINVAL), errors.Is(err, unix.ENOLCK), errors.Is(err, unix.ENOSYS), errors.Is(err, unix.EOPNOTSUPP):
		return refuseLinks(f) // the file system has no such locks
	}
	return err
}
