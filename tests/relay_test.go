package tests

import (
	"bufio"
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// A relay is a running relay process.
type relay struct {
	t      *testing.T
	url    string
	dir    string
	cmd    *exec.Cmd
	stderr *logged
	exited chan struct{} // closed when the process has ended and its exit code stands in cmd
	killed bool          // by the test, so that its exit code says nothing
}

// serve starts a relay and waits until it listens. When the test ends the relay is told to stop, and what it has
// logged is looked through.
func serve(t *testing.T, c *config) *relay {
	t.Helper()
	return serveIn(t, t.TempDir(), c)
}

// serveIn is serve in a folder that may have the ledger of an earlier relay.
func serveIn(t *testing.T, dir string, c *config) *relay {
	t.Helper()
	path := filepath.Join(dir, "config.yaml")
	if err := os.WriteFile(path, c.marshal(t), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := process(program, dir, "serve", "-config", path)
	if c.trust != nil {
		roots := filepath.Join(dir, "roots.pem")
		if err := os.WriteFile(roots, c.trust, 0o600); err != nil {
			t.Fatal(err)
		}
		cmd.Env = append(cmd.Env, "SSL_CERT_FILE="+roots)
	}
	r := start(t, cmd)
	for _, k := range c.Keys {
		if key, ok := k["key"].(string); ok {
			r.stderr.forbid(key)
		}
	}
	return r
}

// launch starts a relay command that serves, and waits for its line on standard output.
func launch(t *testing.T, dir string, args ...string) *relay {
	t.Helper()
	return launchProgram(t, dir, program, args...)
}

// launchProgram is launch by way of another program.
func launchProgram(t *testing.T, dir, program string, args ...string) *relay {
	t.Helper()
	return start(t, process(program, dir, args...))
}

// process is a relay command in a directory of its own.
func process(program, dir string, args ...string) *exec.Cmd {
	cmd := exec.Command(program, args...)
	cmd.Dir = dir
	cmd.Env = environment(dir)
	return cmd
}

func start(t *testing.T, cmd *exec.Cmd) *relay {
	t.Helper()
	r := &relay{t: t, dir: cmd.Dir, cmd: cmd, stderr: &logged{forbidden: []string{vendorKey}}, exited: make(chan struct{})}
	r.cmd.Stderr = r.stderr
	stdout, err := r.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := r.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ready := make(chan string, 1)
	go func() { // ends with the process; stop waits for it
		defer close(r.exited)
		r.readOutput(bufio.NewScanner(stdout), ready)
		_ = r.cmd.Wait() // the exit code is looked at where it matters
	}()
	t.Cleanup(r.stopAndCheck)
	select {
	case r.url = <-ready:
	case <-r.exited:
		t.Fatalf("the relay ended at its start:\n%s", r.stderr)
	case <-time.After(deadline):
		t.Fatalf("the relay does not listen:\n%s", r.stderr)
	}
	return r
}

func (r *relay) readOutput(lines *bufio.Scanner, ready chan<- string) {
	for lines.Scan() {
		if _, url, ok := strings.Cut(lines.Text(), " listening on "); ok {
			ready <- url
		}
	}
}

// terminate sends SIGTERM.
func (r *relay) terminate() {
	r.t.Helper()
	if err := r.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		r.t.Fatal(err)
	}
}

// kill ends the process where it stands, as SIGKILL does.
func (r *relay) kill() {
	r.t.Helper()
	r.killed = true
	if err := r.cmd.Process.Kill(); err != nil {
		r.t.Fatal(err)
	}
	<-r.exited
}

// exit waits for the process to end and gives its exit code.
func (r *relay) exit() int {
	r.t.Helper()
	select {
	case <-r.exited:
		return r.cmd.ProcessState.ExitCode()
	case <-time.After(deadline):
		_ = r.cmd.Process.Kill() // the test fails anyway
		r.t.Fatalf("the relay does not end:\n%s", r.stderr)
		return 0
	}
}

func (r *relay) stopAndCheck() {
	select {
	case <-r.exited:
	default:
		_ = r.cmd.Process.Signal(syscall.SIGTERM) // it may end at this very moment
		select {
		case <-r.exited:
		case <-time.After(deadline):
			_ = r.cmd.Process.Kill() // all that is left
			<-r.exited
			r.t.Errorf("the relay did not stop")
		}
	}
	if code := r.cmd.ProcessState.ExitCode(); code != 0 && !r.killed {
		r.t.Errorf("the relay ended with exit code %d", code)
	}
	if fault := r.stderr.fault(); fault != "" {
		r.t.Errorf("the relay's log has %q:\n%s", fault, r.stderr)
	}
}

// logged keeps what a process writes to standard error.
type logged struct {
	mu        sync.Mutex
	text      bytes.Buffer
	forbidden []string
	changed   chan struct{} // closed by the next write; nil: nobody waits for one
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.changed != nil {
		close(l.changed)
		l.changed = nil
	}
	return l.text.Write(p)
}

// news is closed once there is more.
func (l *logged) news() <-chan struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.changed == nil {
		l.changed = make(chan struct{})
	}
	return l.changed
}

// count is how often a text was logged.
func (l *logged) count(text string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return bytes.Count(l.text.Bytes(), []byte(text))
}

// forbid names what must not stand in the log, on top of signs of a broken process.
func (l *logged) forbid(s ...string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.forbidden = append(l.forbidden, s...)
}

// fault is the first forbidden thing that was logged, if any.
func (l *logged) fault() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, s := range append([]string{"DATA RACE", "panic", "goroutine "}, l.forbidden...) {
		if bytes.Contains(l.text.Bytes(), []byte(s)) {
			return s
		}
	}
	return ""
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := l.text.String()
	return s[max(0, len(s)-8000):]
}

// A result is what a relay command that ends by itself left behind.
type result struct {
	code        int
	out, errout string
}

// run runs a relay command to its end.
func run(t *testing.T, dir, stdin string, args ...string) result {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), deadline)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, args...)
	var out, errout bytes.Buffer
	cmd.Env = environment(dir)
	cmd.Dir, cmd.Stdin, cmd.Stdout, cmd.Stderr = dir, strings.NewReader(stdin), &out, &errout
	if err := cmd.Run(); ctx.Err() != nil {
		t.Fatalf("relay %s did not end: %v\n%s", args[0], err, errout.String())
	}
	return result{cmd.ProcessState.ExitCode(), out.String(), errout.String()}
}

// environment keeps temporary files within the test, and the race detector from resting for a second at every exit.
func environment(dir string) []string {
	return append(os.Environ(), "TMPDIR="+dir, "GORACE=atexit_sleep_ms=0")
}
