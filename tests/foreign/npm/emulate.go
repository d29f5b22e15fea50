package npm

import (
	"slices"
	"strings"
	"testing"

	"voicerelay/upstream/emulator"
)

// maxSeeds is how many seeds are tried for one that has drawn what is asked for.
const maxSeeds = 1000

// Emulate starts a vendor's emulator for the test's time, of a seed that has drawn what is asked for, as name:value. The
// test needs the packages.
func Emulate(t *testing.T, vendor string, o emulator.Options, quirks ...string) (server *emulator.Server, base string) {
	t.Helper()
	Need(t)
	for o.Seed = range uint64(maxSeeds) {
		var err error
		if server, err = emulator.New(vendor, o); err != nil {
			t.Fatal(err)
		}
		drawn := strings.FieldsFunc(server.Quirks(), func(r rune) bool { return strings.ContainsRune("{} ", r) })
		if slices.ContainsFunc(quirks, func(q string) bool { return !slices.Contains(drawn, q) }) {
			continue
		}
		if base, err = server.Start("127.0.0.1:0"); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := server.Close(); err != nil {
				t.Error(err)
			}
		})
		return server, base
	}
	t.Fatalf("no seed draws %v", quirks)
	return nil, ""
}
