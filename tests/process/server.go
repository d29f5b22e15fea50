package process

import (
	"bufio"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Deadline bounds every wait for something that must come.
const Deadline = time.Minute

// Server is a process of the relay that serves.
type Server struct {
	URL string // that it said it listens on
	Cmd *exec.Cmd
	Log *Log // of its standard error

	t      testing.TB
	exited chan struct{} // closed when the process has ended and its exit code stands in Cmd
	killed bool          // by the test, so that its exit code says nothing
}

// Command is a command of a program, in a folder of its own.
func Command(program, dir string, args ...string) *exec.Cmd {
	cmd := exec.Command(program, args...)
	cmd.Dir, cmd.Env = dir, Environment(dir)
	return cmd
}

// Environment keeps temporary files within a folder, and the race detector from resting for a second at every exit.
func Environment(dir string) []string {
	return append(os.Environ(), "TMPDIR="+dir, "GORACE=atexit_sleep_ms=0")
}

// Start starts a command that serves, and waits for the line on standard output that says where. With the test's end it is
// stopped, and its log looked through for what is forbidden.
func Start(t testing.TB, cmd *exec.Cmd, forbidden ...string) *Server {
	t.Helper()
	s := &Server{Cmd: cmd, Log: &Log{forbidden: forbidden}, t: t, exited: make(chan struct{})}
	cmd.Stderr = s.Log
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ready := make(chan string, 1)
	go func() { // ends with the process; Stop waits for it
		defer close(s.exited)
		for lines := bufio.NewScanner(stdout); lines.Scan(); {
			if _, url, ok := strings.Cut(lines.Text(), " listening on "); ok {
				ready <- url
			}
		}
		_ = cmd.Wait() // the exit code is looked at where it matters
	}()
	t.Cleanup(s.Stop)
	select {
	case s.URL = <-ready:
	case <-s.exited:
		t.Fatalf("the relay ended at its start:\n%s", s.Log)
	case <-time.After(Deadline):
		t.Fatalf("the relay does not listen:\n%s", s.Log)
	}
	return s
}

// Terminate sends SIGTERM.
func (s *Server) Terminate() {
	s.t.Helper()
	if err := s.Cmd.Process.Signal(syscall.SIGTERM); err != nil {
		s.t.Fatal(err)
	}
}

// Kill ends the process where it stands, as SIGKILL does.
func (s *Server) Kill() {
	s.t.Helper()
	s.killed = true
	if err := s.Cmd.Process.Kill(); err != nil {
		s.t.Fatal(err)
	}
	<-s.exited
}

// Exit waits for the process to end and gives its exit code.
func (s *Server) Exit() int {
	s.t.Helper()
	select {
	case <-s.exited:
		return s.Cmd.ProcessState.ExitCode()
	case <-time.After(Deadline):
		_ = s.Cmd.Process.Kill() // the test fails anyway
		s.t.Fatalf("the relay does not end:\n%s", s.Log)
		return 0
	}
}

// Stop stops the process, and looks at how it ended. Another call changes nothing.
func (s *Server) Stop() {
	s.t.Helper()
	select {
	case <-s.exited:
	default:
		_ = s.Cmd.Process.Signal(syscall.SIGTERM) // it may end at this very moment
		select {
		case <-s.exited:
		case <-time.After(Deadline):
			_ = s.Cmd.Process.Kill() // all that is left
			<-s.exited
			s.t.Error("the relay did not stop")
		}
	}
	if code := s.Cmd.ProcessState.ExitCode(); code != 0 && !s.killed {
		s.t.Errorf("the relay ended with exit code %d:\n%s", code, s.Log)
	}
	if fault := s.Log.Fault(); fault != "" {
		s.t.Errorf("the relay's log has %q:\n%s", fault, s.Log)
	}
}
