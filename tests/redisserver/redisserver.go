// Package redisserver starts a real redis-server for a test. Invariants:
//
//  1. A server listens on loopback alone, and ends with its test.
//  2. What it has written outlives its process, so a test can kill it and start it again.
//  3. Where redis-server is not installed, the test is skipped and says so.
package redisserver

import (
	"context"
	"net"
	"os"
	"os/exec"
	"strconv"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

// AppendOnly has a server keep all that it was told when it is killed. Syncing is left to the system: killing a process loses
// nothing that it wrote, and a busy disk would hold up the tests.
func AppendOnly() []string { return []string{"--appendonly", "yes", "--appendfsync", "no"} }

// patience is how long a server may take to answer, on a machine that is busy with other tests.
const patience = 30 * time.Second

// Server is a redis-server.
type Server struct {
	Addr string // host:port
	Port int
	Dir  string // of its files

	t       testing.TB
	options []string
	process *exec.Cmd // nil while it is stopped
}

// New starts a server with options of its command line. It keeps nothing on disk unless they say so.
func New(t testing.TB, options ...string) *Server {
	t.Helper()
	if _, err := exec.LookPath("redis-server"); err != nil {
		t.Skip("redis-server is not installed: what is tested here needs a real one")
	}
	port := freePort(t)
	s := &Server{Addr: net.JoinHostPort("127.0.0.1", strconv.Itoa(port)), Port: port, Dir: t.TempDir(), t: t, options: options}
	s.Start()
	t.Cleanup(s.Kill)
	return s
}

// freePort is a port that nobody listens on. A cluster's bus is at the port 10,000 above, so not every port will do.
func freePort(t testing.TB) int {
	t.Helper()
	for range 100 {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close() // at the end, so that the next port is another
		if port := l.Addr().(*net.TCPAddr).Port; port < 50_000 {
			return port
		}
	}
	t.Fatal("no free port")
	return 0
}

// Start starts the server with what lies in its folder, and returns when it answers.
func (s *Server) Start() {
	s.t.Helper()
	s.process = exec.Command("redis-server", append([]string{
		"--bind", "127.0.0.1", "--port", strconv.Itoa(s.Port), "--dir", s.Dir, "--save", "", "--loglevel", "warning",
	}, s.options...)...)
	if err := s.process.Start(); err != nil {
		s.t.Fatal(err)
	}
	client := s.client()
	defer client.Close()
	s.await("redis-server does not answer", func() bool {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		return client.Ping(ctx).Err() == nil
	})
}

func (s *Server) client() *redis.Client {
	return redis.NewClient(&redis.Options{Addr: s.Addr, ContextTimeoutEnabled: true, DialTimeout: time.Second})
}

// await waits for what another process does.
func (s *Server) await(otherwise string, holds func() bool) {
	s.t.Helper()
	limit := time.After(patience)
	poll := time.NewTicker(10 * time.Millisecond)
	defer poll.Stop()
	for !holds() {
		select {
		case <-limit:
			s.t.Fatalf("%s within %v", otherwise, patience)
		case <-poll.C:
		}
	}
}

// Signal sends the server a signal, such as one that stops it and lets it go on.
func (s *Server) Signal(signal os.Signal) error { return s.process.Process.Signal(signal) }

// Kill ends the server where it stands, as a crash does. A server that is stopped stays so.
func (s *Server) Kill() {
	if s.process == nil {
		return
	}
	_ = s.process.Process.Kill() // it may have ended already
	_ = s.process.Wait()         // reports the kill
	s.process = nil
}
