//go:build !unix

package packages

import "voicerelay/tests/process"

// lock has no lock that processes share.
func lock(string) (unlock func(), err error) {
	return nil, process.Missing("packages are kept for all tests under a lock that this system doesn't have")
}
