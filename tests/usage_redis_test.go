package tests

import (
	"bytes"
	"errors"
	"net"
	"os/exec"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

// A redisServer is a Redis of a test's own, which keeps what it has over kills.
type redisServer struct {
	t       *testing.T
	address string
	dir     string
	options []string // besides the usual, or in their place
	db      *redis.Client
	cmd     *exec.Cmd
}

// startRedis starts a server on a free port of loopback, which ends with the test.
func startRedis(t *testing.T, options ...string) *redisServer {
	t.Helper()
	if _, err := exec.LookPath("redis-server"); err != nil {
		t.Skip("redis-server is not installed")
	}
	s := &redisServer{t: t, address: freeAddress(t), dir: t.TempDir(), options: options}
	s.db = redis.NewClient(&redis.Options{Addr: s.address})
	s.start()
	t.Cleanup(func() {
		_ = s.db.Close() // an error of sockets that nobody needs any more
		s.kill()
	})
	return s
}

func freeAddress(t *testing.T) string {
	t.Helper()
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := free.Close(); err != nil {
		t.Fatal(err)
	}
	return free.Addr().String()
}

// start starts the server, with what it had when it was killed, and waits until it answers.
func (s *redisServer) start() {
	s.t.Helper()
	_, port, _ := net.SplitHostPort(s.address) // it comes from a listener
	args := append([]string{
		"--bind", "127.0.0.1", "--port", port, "--dir", s.dir,
		"--appendonly", "yes", "--appendfsync", "no", "--save", "", "--loglevel", "warning",
	}, s.options...)
	s.cmd = exec.Command("redis-server", args...)
	if err := s.cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	eventually(s.t, "Redis to answer", func() bool { return s.ping() == nil })
}

// ping asks whether the server is there and has read its data.
func (s *redisServer) ping() error {
	conn, err := net.DialTimeout("tcp", s.address, time.Second)
	if err != nil {
		return err
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(time.Second)) // fails on closed connections only, as what follows will
	answer := make([]byte, 7)
	if _, err := conn.Write([]byte("PING\r\n")); err != nil {
		return err
	}
	if _, err := conn.Read(answer); err != nil {
		return err
	}
	if !bytes.HasPrefix(answer, []byte("+PONG")) {
		return errors.New("not ready yet")
	}
	return nil
}

// kill ends the server where it stands.
func (s *redisServer) kill() {
	if s.cmd == nil {
		return
	}
	_ = s.cmd.Process.Kill() // it is ours, and runs
	_ = s.cmd.Wait()         // says that it was killed
	s.cmd = nil
}

// eventually waits for a condition that nothing announces.
func eventually(t *testing.T, what string, condition func() bool) {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	limit := time.NewTimer(deadline)
	defer limit.Stop()
	for !condition() {
		select {
		case <-tick.C:
		case <-limit.C:
			t.Fatalf("waiting for %s: not within %v", what, deadline)
		}
	}
}
