//go:build unix

package ledger

import "golang.org/x/sys/unix"

// writable reports why this process may not make files in a folder.
func writable(dir string) error { return unix.Access(dir, unix.W_OK|unix.X_OK) }

// usable reports why this process may not read and write a file.
func usable(path string) error { return unix.Access(path, unix.R_OK|unix.W_OK) }
