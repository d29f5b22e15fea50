package tests

import (
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"voicerelay/tests/redisserver"
)

// A redisServer is a Redis of a test's own, which keeps what it has over kills.
type redisServer struct {
	*redisserver.Server
	t  *testing.T
	db *redis.Client
}

// startRedis starts a server that ends with the test.
func startRedis(t *testing.T, options ...string) *redisServer {
	t.Helper()
	return withClient(t, redisserver.New(t, append(redisserver.AppendOnly(), options...)...))
}

// withClient is a server with a client of the test's.
func withClient(t *testing.T, server *redisserver.Server) *redisServer {
	s := &redisServer{Server: server, t: t, db: redis.NewClient(&redis.Options{Addr: server.Addr})}
	t.Cleanup(func() { _ = s.db.Close() }) // an error of sockets that are not needed any more
	return s
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
