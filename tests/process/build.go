package process

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"go.uber.org/goleak"
)

// Build builds the relay in a folder, with more flags of go build, and returns the program.
func Build(dir string, flags ...string) (program string, err error) {
	program = filepath.Join(dir, "relay")
	args := append([]string{"build", "-o", program}, flags...)
	if out, err := exec.Command("go", append(args, "voicerelay/cmd/relay")...).CombinedOutput(); err != nil {
		return "", fmt.Errorf("build the relay: %w\n%s", err, out)
	}
	return program, nil
}

// Main runs a package's tests in a folder that prepare has filled, and looks for goroutines that are left. It does not return.
func Main(m *testing.M, prepare func(dir string) error) {
	dir, err := os.MkdirTemp("", "voicerelay")
	if err == nil {
		err = prepare(dir)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	goleak.VerifyTestMain(idleClosed{m}, goleak.Cleanup(func(code int) {
		_ = os.RemoveAll(dir) // a leftover in the system's own temporary folder fails nothing
		os.Exit(code)
	}))
}

// idleClosed closes what the HTTP client keeps open before goroutines are counted.
type idleClosed struct{ m *testing.M }

func (i idleClosed) Run() int {
	defer http.DefaultTransport.(*http.Transport).CloseIdleConnections()
	return i.m.Run()
}

// FreeAddress is one that nobody listens on. Another program may take it before the relay does, which would end its start.
func FreeAddress(t testing.TB) string {
	t.Helper()
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer free.Close()
	return free.Addr().String()
}
