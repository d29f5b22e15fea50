//go:build unix

package filelock

import (
	"fmt"
	"os"
	"syscall"
)

// PlaceOf names a file among all on its machine: a copy has another name, a renamed file the same.
func PlaceOf(f os.FileInfo) string {
	stat, ok := f.Sys().(*syscall.Stat_t)
	if !ok {
		return ""
	}
	return fmt.Sprintf("%x:%x", stat.Dev, stat.Ino)
}
