//go:build unix && !linux

package ledger

import "os"

// lockInode makes sure that the lock beside the file's name is enough: a lock on the file would get in SQLite's way here.
func lockInode(f *os.File) error { return refuseLinks(f) }
