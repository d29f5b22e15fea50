package process

import (
	"testing"

	"voicerelay/upstream/emulator"
)

// Emulate starts a vendor in the test's own process, of the first seed from the options' on that has drawn what is asked for, as
// name:value. What it saw can be asked of it. It ends with the test.
func Emulate(t testing.TB, vendor string, o emulator.Options, quirks ...string) (server *emulator.Server, url string) {
	t.Helper()
	server, err := emulator.NewDrawn(vendor, o, quirks...)
	if err != nil {
		t.Fatal(err)
	}
	if url, err = server.Start("127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Close(); err != nil {
			t.Errorf("close the emulator: %v", err)
		}
	})
	return server, url
}
