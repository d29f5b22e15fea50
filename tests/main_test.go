package tests

import (
	"flag"
	"testing"

	"voicerelay/tests/process"
)

// program is the relay under test, built once by TestMain.
var program string

// Most of what these tests do is wait, so more of them may run at once than there are cores.
const parallel = "8"

func TestMain(m *testing.M) {
	flag.Parse()
	process.Main(m, func(dir string) (err error) {
		if err := flag.Set("test.parallel", parallel); err != nil {
			return err
		}
		var flags []string
		if raceEnabled {
			flags = append(flags, "-race")
		}
		program, err = process.Build(dir, flags...)
		return err
	})
}
