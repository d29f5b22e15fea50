package attack

import (
	"flag"
	"os"
	"testing"

	"voicerelay/tests/process"
)

// program is the relay under attack, built once by TestMain: without the race detector, which would be what takes the memory.
var program string

func TestMain(m *testing.M) {
	flag.Parse()
	if name := os.Getenv(attackName); name != "" {
		os.Exit(attackAsTold(name))
	}
	if testing.Short() {
		os.Exit(m.Run()) // all tests are skipped
	}
	process.Main(m, func(dir string) (err error) {
		program, err = process.Build(dir)
		return err
	})
}
