package tests

import (
	"flag"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
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
	if canRace() {
		args = append(args, "-race")
	}
	build := exec.Command("go", append(args, "voicerelay/cmd/relay")...)
	if out, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("build the relay: %w\n%s", err, out)
	}
	return nil
}

// canRace reports whether the race detector is to be had: it needs a C compiler, and a machine may have Go alone.
func canRace() bool {
	out, err := exec.Command("go", "env", "CGO_ENABLED").Output()
	return err == nil && strings.TrimSpace(string(out)) == "1"
}

// goleakAfter closes what the HTTP client keeps open before goroutines are counted.
type goleakAfter struct{ m *testing.M }

func (g goleakAfter) Run() int {
	defer http.DefaultTransport.(*http.Transport).CloseIdleConnections()
	return g.m.Run()
}
