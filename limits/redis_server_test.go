package limits_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"voicerelay/limits"
	"voicerelay/limits/limitstest"
	"voicerelay/tests/redisserver"
)

// server is a real Redis of a test's own.
type server struct{ *redisserver.Server }

// startServer starts a server that keeps what it has over kills.
func startServer(t testing.TB, flags ...string) server {
	t.Helper()
	return server{redisserver.New(t, append(redisserver.AppendOnly(), flags...)...)}
}

// client is a client of its own until the test ends.
func (s server) client(t testing.TB) *redis.Client {
	client := redis.NewClient(&redis.Options{Addr: s.Addr, ContextTimeoutEnabled: true})
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
	if err != nil && !errors.Is(err, redis.Nil) {
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
