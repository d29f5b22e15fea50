package compress

import (
	"os"
	"syscall"
	"testing"

	"go.uber.org/goleak"

	"voicerelay/program"
)

func TestMain(m *testing.M) {
	if code, done := program.Inside(os.Args[1:]); done {
		syscall.Exit(code) // os.Exit would rest for a second where the race detector is on
	}
	goleak.VerifyTestMain(m)
}
