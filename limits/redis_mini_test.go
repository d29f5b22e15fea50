package limits_test

import (
	"context"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"

	"voicerelay/limits"
	"voicerelay/limits/limitstest"
)

// miniClient is a client of an in-process Redis without a network, for use in a bubble of fake time.
func miniClient(t *testing.T, m *miniredis.Miniredis) *redis.Client {
	client := redis.NewClient(&redis.Options{
		Addr:                  "127.0.0.1:6379", // never dialed, and no name to look up
		ContextTimeoutEnabled: true,
		// The client keeps the timers by which it waits for a connection, also for those outside the bubble, where
		// they are fatal: nobody may have to wait.
		PoolSize: 1000,
		Dialer:   func(context.Context, string, string) (net.Conn, error) { return m.Dial() },
	})
	t.Cleanup(func() { _ = client.Close() })
	return client
}

// newRedis is a store over a client until the test ends.
func newRedis(t testing.TB, cfg limits.RedisConfig, client redis.UniversalClient) *limits.Redis {
	t.Helper()
	store, err := limits.NewRedis(cfg, client)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		if err := store.Close(ctx); err != nil && !store.Away() {
			t.Errorf("Close = %v", err)
		}
	})
	return store
}

// withMini runs a body over an in-process Redis, on fake time.
func withMini(t *testing.T, cfg limits.RedisConfig, body func(t *testing.T, store *limits.Redis)) {
	synctest.Test(t, func(t *testing.T) {
		m := miniredis.NewMiniRedis()
		m.ClockTTL(true)
		t.Cleanup(m.Close)
		body(t, newRedis(t, cfg, miniClient(t, m)))
	})
}

func TestMiniRedis(t *testing.T) {
	limitstest.Run(t, func(t *testing.T, body func(*testing.T, limitstest.Fixture)) {
		withMini(t, limits.RedisConfig{}, func(t *testing.T, store *limits.Redis) {
			body(t, limitstest.Fixture{Store: store, Advance: time.Sleep})
		})
	})
}

func TestMiniRedisBudgets(t *testing.T) {
	limitstest.RunBudgets(t, func(t *testing.T, body func(*testing.T, limitstest.BudgetFixture)) {
		cfg := limits.RedisConfig{Lease: 3 * time.Hour} // months pass, and each renewal takes its moment
		withMini(t, cfg, func(t *testing.T, store *limits.Redis) {
			body(t, limitstest.BudgetFixture{Budgets: store, Now: time.Now, Advance: time.Sleep})
		})
	})
}
