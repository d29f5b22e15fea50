//go:build !linux

package ledger

// isVolatile reports whether what is written to a folder is gone with the machine's next start; not known here.
func isVolatile(string) bool { return false }
