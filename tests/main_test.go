package tests

import (
	"flag"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"go.uber.org/goleak"
)

// program is the relay under test, built once by TestMain.
var program string

// Most of what these tests do is wait, so more of them may run at once than there are cores.
const parallel = "8"

func TestMain(m *testing.M) {
	flag.Parse()
	dir, err := os.MkdirTemp("", "voicerelay")
	if err == nil {
		err = prepare(dir)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	goleak.VerifyTestMain(goleakAfter{m}, goleak.Cleanup(func(code int) {
		_ = os.RemoveAll(dir) // a leftover in the system's own temporary folder fails nothing
		os.Exit(code)
	}))
}

func prepare(dir string) error {
	if err := flag.Set("test.parallel", parallel); err != nil {
		return err
	}
	program = filepath.Join(dir, "relay")
	args := []string{"build", "-o", program}
	if raceEnabled {
		args = append(args, "-race")
	}
	build := exec.Command("go", append(args, "voicerelay/cmd/relay")...)
	if out, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("build the relay: %w\n%s", err, out)
	}
	return nil
}

// goleakAfter closes what the HTTP client keeps open before goroutines are counted.
type goleakAfter struct{ m *testing.M }

func (g goleakAfter) Run() int {
	defer http.DefaultTransport.(*http.Transport).CloseIdleConnections()
	return g.m.Run()
}
