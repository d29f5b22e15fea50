package enginetest

import (
	"flag"
	"testing"

	"go.uber.org/goleak"
)

// Main has more tests at once than there are cores, since most of their time they wait for speech. Afterwards no
// goroutine may be left.
func Main(m *testing.M) {
	if err := flag.Set("test.parallel", "8"); err != nil {
		panic(err)
	}
	goleak.VerifyTestMain(m)
}
