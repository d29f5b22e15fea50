package ship

import (
	"bytes"
	"context"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

// redisServer is a Redis of the test's own, on loopback, whose files outlive its process.
type redisServer struct {
	t       testing.TB
	dir     string
	port    int
	options []string
	process *exec.Cmd
}

// newRedisServer starts a server. It is killed when the test ends.
func newRedisServer(t testing.TB, options ...string) *redisServer {
	t.Helper()
	if _, err := exec.LookPath("redis-server"); err != nil {
		t.Skip("the program redis-server is missing: what is tested here needs a real one")
	}
	s := &redisServer{t: t, dir: t.TempDir(), port: freePort(t), options: options}
	s.start()
	t.Cleanup(s.kill)
	return s
}

func freePort(t testing.TB) int {
	t.Helper()
	for range 100 {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		if port := l.Addr().(*net.TCPAddr).Port; port < 50_000 { // a cluster's bus is at the port 10,000 above
			return port
		}
	}
	t.Fatal("no free port")
	return 0
}

func (s *redisServer) addr() string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(s.port)) }

// start returns when the server answers. It loads what lies in its directory.
func (s *redisServer) start() {
	s.t.Helper()
	args := append([]string{"--port", strconv.Itoa(s.port), "--bind", "127.0.0.1", "--dir", s.dir, "--save", ""}, s.options...)
	s.process = exec.Command("redis-server", args...)
	var out bytes.Buffer
	s.process.Stdout = &out
	if err := s.process.Start(); err != nil {
		s.t.Fatal(err)
	}
	client := s.client()
	defer client.Close()
	eventually(s.t, "the server answers", func() bool { return client.Ping(s.t.Context()).Err() == nil })
}

// kill ends the server as a crash does.
func (s *redisServer) kill() {
	if s.process == nil {
		return
	}
	_ = s.process.Process.Kill() // it may have ended already
	_ = s.process.Wait()         // reports the kill
	s.process = nil
}

func (s *redisServer) client() *redis.Client { return redis.NewClient(clientOptions(s.addr())) }

func clientOptions(addr string) *redis.Options {
	return &redis.Options{Addr: addr, ContextTimeoutEnabled: true, DialerRetries: 1, MaxRetries: 1, DialTimeout: time.Second}
}

// newClient is closed when the test ends.
func (s *redisServer) newClient() *redis.Client {
	client := s.client()
	s.t.Cleanup(func() { client.Close() })
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
	dump, err := os.ReadFile(filepath.Join(s.dir, "dump.rdb"))
	if err != nil {
		s.t.Fatal(err)
	}
	return dump
}

func (s *redisServer) restore(dump []byte) {
	s.t.Helper()
	if err := os.WriteFile(filepath.Join(s.dir, "dump.rdb"), dump, 0o600); err != nil {
		s.t.Fatal(err)
	}
}

// switchboard is an address behind which the server may change, as a name in the network does after a failover.
type switchboard struct{ addr atomic.Pointer[string] }

func (b *switchboard) connect(s *redisServer) {
	addr := s.addr()
	b.addr.Store(&addr)
}

func (b *switchboard) client(t testing.TB) *redis.Client {
	options := clientOptions("127.0.0.1:1") // nobody looks it up, the dialer decides
	options.Dialer = func(ctx context.Context, network, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, network, *b.addr.Load())
	}
	client := redis.NewClient(options)
	t.Cleanup(func() { client.Close() })
	return client
}

// newRedisCluster joins three masters without replicas, each with a third of the slots.
func newRedisCluster(t testing.TB) []*redisServer {
	t.Helper()
	nodes := make([]*redisServer, 3)
	for i := range nodes {
		nodes[i] = newRedisServer(t, "--cluster-enabled", "yes", "--cluster-node-timeout", "1000", "--appendonly", "yes",
			"--cluster-require-full-coverage", "no")
	}
	ctx := t.Context()
	for i, node := range nodes {
		client := node.newClient()
		must(t, client.ClusterAddSlotsRange(ctx, i*16384/3, (i+1)*16384/3-1).Err())
		for _, other := range nodes[:i] {
			must(t, client.ClusterMeet(ctx, "127.0.0.1", strconv.Itoa(other.port)).Err())
		}
	}
	for _, node := range nodes {
		client := node.newClient()
		eventually(t, "the cluster has formed", func() bool {
			info, err := client.ClusterInfo(ctx).Result()
			return err == nil && bytes.Contains([]byte(info), []byte("cluster_state:ok")) &&
				bytes.Contains([]byte(info), []byte("cluster_slots_ok:16384"))
		})
	}
	return nodes
}

func clusterClient(t testing.TB, nodes []*redisServer) redis.UniversalClient {
	options := &redis.UniversalOptions{ContextTimeoutEnabled: true, DialerRetries: 1, DialTimeout: time.Second}
	for _, node := range nodes {
		options.Addrs = append(options.Addrs, node.addr())
	}
	client := redis.NewUniversalClient(options)
	if _, ok := client.(*redis.ClusterClient); !ok {
		t.Fatalf("client is a %T, want one of a cluster", client)
	}
	t.Cleanup(func() { client.Close() })
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
