package limits_test

import (
	"context"
	"fmt"
	"net"
	"os/exec"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"voicerelay/limits"
	"voicerelay/limits/limitstest"
)

// server is a real Redis of a test's own.
type server struct {
	addr    string
	dir     string
	flags   []string  // besides the usual
	process *exec.Cmd // nil while it is stopped
}

// startServer starts a server on a free port of loopback, which ends with the test.
func startServer(t testing.TB, flags ...string) *server {
	t.Helper()
	if _, err := exec.LookPath("redis-server"); err != nil {
		t.Skip("redis-server is not installed: the in-process one has to do")
	}
	s := &server{addr: freeAddr(t), dir: t.TempDir(), flags: flags}
	s.start(t)
	t.Cleanup(s.kill)
	return s
}

func freeAddr(t testing.TB) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	return listener.Addr().String()
}

// start starts the server, with what it had written when it was killed last, and waits until it answers. It leaves
// syncing to the system: killing a process loses nothing that it wrote, and a busy disk would hold up the tests.
func (s *server) start(t testing.TB) {
	t.Helper()
	_, port, err := net.SplitHostPort(s.addr)
	if err != nil {
		t.Fatal(err)
	}
	s.process = exec.Command("redis-server", append([]string{
		"--bind", "127.0.0.1", "--port", port, "--dir", s.dir,
		"--appendonly", "yes", "--appendfsync", "no", "--save", "", "--loglevel", "warning",
	}, s.flags...)...)
	if err := s.process.Start(); err != nil {
		t.Fatal(err)
	}
	client := s.client(t)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	poll := time.NewTicker(20 * time.Millisecond)
	defer poll.Stop()
	for client.Ping(ctx).Err() != nil {
		select {
		case <-ctx.Done():
			t.Fatal("redis-server does not answer")
		case <-poll.C:
		}
	}
}

// kill ends the server as a power cut would.
func (s *server) kill() {
	if s.process == nil {
		return
	}
	_ = s.process.Process.Kill()
	_ = s.process.Wait() // says that it was killed
	s.process = nil
}

// client is a client of its own until the test ends.
func (s *server) client(t testing.TB) *redis.Client {
	client := redis.NewClient(&redis.Options{Addr: s.addr, ContextTimeoutEnabled: true})
	t.Cleanup(func() { _ = client.Close() })
	return client
}

// patient is a config for tests that are not about the patience, on a machine that may be busy.
func patient() limits.RedisConfig {
	return limits.SkewedClock(limits.RedisConfig{
		Patience: 10 * time.Second,
		OnAway:   func(err error) { panic(fmt.Sprintf("Redis is away: %v", err)) },
	})
}

// advance puts the server's clock forward in steps, and lets the stores renew what they hold after each, as they
// would meanwhile.
func advance(t *testing.T, client *redis.Client, d, step time.Duration, stores ...*limits.Redis) {
	t.Helper()
	for d > 0 {
		step = min(step, d)
		d -= step
		if err := client.IncrBy(t.Context(), "skew", step.Milliseconds()).Err(); err != nil {
			t.Fatal(err)
		}
		for _, store := range stores {
			if err := store.Sync(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// serverNow is the server's clock, put forward as it is.
func serverNow(t *testing.T, client *redis.Client) time.Time {
	t.Helper()
	now, err := client.Time(t.Context()).Result()
	if err != nil {
		t.Fatal(err)
	}
	skew, err := client.Get(t.Context(), "skew").Int64()
	if err != nil && err != redis.Nil {
		t.Fatal(err)
	}
	return now.Add(time.Duration(skew) * time.Millisecond)
}

func TestRedis(t *testing.T) {
	server := startServer(t)
	limitstest.Run(t, func(t *testing.T, body func(*testing.T, limitstest.Fixture)) {
		client := server.client(t)
		client.FlushAll(t.Context())
		store := newRedis(t, patient(), client)
		body(t, limitstest.Fixture{Store: store, Advance: func(d time.Duration) {
			advance(t, client, d, 30*time.Second, store)
		}})
	})
}

func TestRedisBudgets(t *testing.T) {
	server := startServer(t)
	limitstest.RunBudgets(t, func(t *testing.T, body func(*testing.T, limitstest.BudgetFixture)) {
		client := server.client(t)
		client.FlushAll(t.Context())
		cfg := patient()
		cfg.Lease = 3 * time.Hour // months pass, and each renewal takes its moment
		store := newRedis(t, cfg, client)
		body(t, limitstest.BudgetFixture{
			Budgets: store,
			Now:     func() time.Time { return serverNow(t, client) },
			Advance: func(d time.Duration) { advance(t, client, d, time.Hour, store) },
		})
	})
}
