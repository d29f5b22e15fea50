package npm

import (
	"testing"

	"voicerelay/tests/process"
	"voicerelay/upstream/emulator"
)

// Emulate starts a vendor's emulator for the test's time, of a seed that has drawn what is asked for, as name:value. The
// test needs the packages.
func Emulate(t *testing.T, vendor string, o emulator.Options, quirks ...string) (server *emulator.Server, base string) {
	t.Helper()
	Need(t)
	return process.Emulate(t, vendor, o, quirks...)
}
