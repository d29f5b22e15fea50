//go:build unix

package ledger

import (
	"fmt"
	"os"
	"syscall"
)

// placeOf names a file among all on its machine: a copy has another name, a renamed file the same.
func placeOf(f os.FileInfo) string {
	stat, ok := f.Sys().(*syscall.Stat_t)
	if !ok {
		return ""
	}
	return fmt.Sprintf("%x:%x", stat.Dev, stat.Ino)
}
