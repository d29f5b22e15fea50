//go:build unix && !linux

package filelock

import "os"

// lockInode makes sure that the lock next to the file is enough: a lock on the file would get in SQLite's way here.
func lockInode(f *os.File) error { return refuseLinks(f) }
