package ship

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"voicerelay/tests/redisserver"
)

// redisServer is a Redis of the test's own, whose files outlive its process.
type redisServer struct {
	*redisserver.Server
	t testing.TB
}

// newRedisServer starts a server. It is killed when the test ends.
func newRedisServer(t testing.TB, options ...string) *redisServer {
	t.Helper()
	return &redisServer{redisserver.New(t, options...), t}
}

func (s *redisServer) client() *redis.Client { return redis.NewClient(clientOptions(s.Addr)) }

func clientOptions(addr string) *redis.Options {
	return &redis.Options{Addr: addr, ContextTimeoutEnabled: true, DialerRetries: 1, MaxRetries: 1, DialTimeout: time.Second}
}

// newClient is closed when the test ends.
func (s *redisServer) newClient() *redis.Client { return newClient(s.t, s.Server) }

func newClient(t testing.TB, s *redisserver.Server) *redis.Client {
	client := redis.NewClient(clientOptions(s.Addr))
	t.Cleanup(func() { _ = client.Close() })
	return client
}

// snapshot copies what a server has now; restore puts it back in the place of what it has written since.
func (s *redisServer) snapshot() []byte {
	s.t.Helper()
	client := s.client()
	defer client.Close()
	if err := client.Save(s.t.Context()).Err(); err != nil {
		s.t.Fatal(err)
	}
	dump, err := os.ReadFile(filepath.Join(s.Dir, "dump.rdb"))
	if err != nil {
		s.t.Fatal(err)
	}
	return dump
}

func (s *redisServer) restore(dump []byte) {
	s.t.Helper()
	if err := os.WriteFile(filepath.Join(s.Dir, "dump.rdb"), dump, 0o600); err != nil {
		s.t.Fatal(err)
	}
}

// switchboard is an address whose server may change, as a name in the network does after a failover.
type switchboard struct{ addr atomic.Pointer[string] }

func (b *switchboard) connect(s *redisServer) {
	addr := s.Addr
	b.addr.Store(&addr)
}

func (b *switchboard) client(t testing.TB) *redis.Client {
	options := clientOptions("127.0.0.1:1") // nobody looks it up, the dialer decides
	options.Dialer = func(ctx context.Context, network, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, network, *b.addr.Load())
	}
	client := redis.NewClient(options)
	t.Cleanup(func() { _ = client.Close() })
	return client
}

func clusterClient(t testing.TB, nodes []*redisserver.Server) redis.UniversalClient {
	options := &redis.UniversalOptions{ContextTimeoutEnabled: true, DialerRetries: 1, DialTimeout: time.Second}
	for _, node := range nodes {
		options.Addrs = append(options.Addrs, node.Addr)
	}
	client := redis.NewUniversalClient(options)
	if _, ok := client.(*redis.ClusterClient); !ok {
		t.Fatalf("client is a %T, want one of a cluster", client)
	}
	t.Cleanup(func() { _ = client.Close() })
	return client
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// eventually waits for what another process does.
func eventually(t testing.TB, what string, holds func() bool) {
	t.Helper()
	deadline := time.After(30 * time.Second)
	poll := time.NewTicker(10 * time.Millisecond)
	defer poll.Stop()
	for !holds() {
		select {
		case <-deadline:
			t.Fatalf("in 30 s it was not so that %s", what)
		case <-poll.C:
		}
	}
}
