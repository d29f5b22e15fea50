package attack

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
	dir, err := os.MkdirTemp("", "voicerelay-attack")
	if err == nil {
		program = filepath.Join(dir, "relay")
		err = build(program)
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

func build(path string) error {
	out, err := exec.Command("go", "build", "-o", path, "voicerelay/cmd/relay").CombinedOutput()
	if err != nil {
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
