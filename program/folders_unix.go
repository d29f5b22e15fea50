//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package program

import (
	"errors"
	"os"
	"syscall"
)

// canLock: folders that no relay holds can be told.
const canLock = true

// lock takes a folder for this process, which holds it until the file is closed or the process is gone. It fails where
// another holds it.
func lock(dir *os.File) error { return syscall.Flock(int(dir.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) }

// lockInTurn waits for the others, who hold it for a moment only.
func lockInTurn(dir *os.File) error { return syscall.Flock(int(dir.Fd()), syscall.LOCK_EX) }

// checkOwned refuses a folder in which others could put what the relay takes for its own: where everyone may write, as in the
// system's folder for temporary files, somebody may have made it before.
func checkOwned(path string) error {
	info, err := os.Lstat(path)
	if err != nil {
		return err
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok || !info.IsDir() || int(stat.Uid) != os.Geteuid() || info.Mode().Perm()&0o022 != 0 {
		return errors.New("is no folder that the relay's user owns and nobody else writes")
	}
	return nil
}
