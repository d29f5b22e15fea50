package ledger

import "golang.org/x/sys/unix"

// isVolatile reports whether what is written to a folder is gone with the machine's next start.
func isVolatile(folder string) bool {
	var fs unix.Statfs_t
	if err := unix.Statfs(folder, &fs); err != nil {
		return false // it costs a warning
	}
	return fs.Type == unix.TMPFS_MAGIC || fs.Type == unix.RAMFS_MAGIC
}
