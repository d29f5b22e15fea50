package filelock

import (
	"errors"
	"os"

	"golang.org/x/sys/windows"
)

// lockFile takes the lock without waiting. The system frees it when the process ends, however that comes.
func lockFile(f *os.File) error { return lockRange(f, windows.Overlapped{}) }

// lockInode takes a lock on the file itself, whatever its name, on a byte that lies beyond any of the file, and beyond those
// that SQLite locks (at 1 GiB).
func lockInode(f *os.File) error {
	return lockRange(f, windows.Overlapped{Offset: 1<<32 - 1, OffsetHigh: 1<<30 - 1})
}

func lockRange(f *os.File, at windows.Overlapped) error {
	const how = windows.LOCKFILE_EXCLUSIVE_LOCK | windows.LOCKFILE_FAIL_IMMEDIATELY
	err := windows.LockFileEx(windows.Handle(f.Fd()), how, 0, 1, 0, &at)
	if errors.Is(err, windows.ERROR_LOCK_VIOLATION) {
		return ErrLocked
	}
	return err
}
