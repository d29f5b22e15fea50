package limits_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"

	"voicerelay/limits"
	"voicerelay/limits/limitstest"
	"voicerelay/tests/redisserver"
)

func TestMiniRedisShared(t *testing.T) {
	limitstest.RunShared(t, func(t *testing.T, body func(t *testing.T, one, other limitstest.Relay)) {
		synctest.Test(t, func(t *testing.T) {
			m := miniredis.NewMiniRedis()
			m.ClockTTL(true)
			t.Cleanup(m.Close)
			body(t, newRedis(t, limits.RedisConfig{}, miniClient(t, m)), newRedis(t, limits.RedisConfig{}, miniClient(t, m)))
		})
	})
}

func TestRedisShared(t *testing.T) {
	server := startServer(t)
	limitstest.RunShared(t, func(t *testing.T, body func(t *testing.T, one, other limitstest.Relay)) {
		client := server.client(t)
		client.FlushAll(t.Context())
		body(t, newRedis(t, patient(), client), newRedis(t, patient(), server.client(t)))
	})
}

// Three nodes share the slots. A script that touched keys of two would be refused.
func TestRedisClusterShared(t *testing.T) {
	var addrs []string
	for _, node := range redisserver.NewCluster(t) {
		addrs = append(addrs, node.Addr)
	}
	n := 0
	limitstest.RunShared(t, func(t *testing.T, body func(t *testing.T, one, other limitstest.Relay)) {
		n++
		cfg := limits.RedisConfig{Prefix: fmt.Sprintf("case%d:", n), Patience: 10 * time.Second}
		body(t, newRedis(t, cfg, clusterClient(t, addrs)), newRedis(t, cfg, clusterClient(t, addrs)))
	})
	store := newRedis(t, limits.RedisConfig{Patience: 10 * time.Second}, clusterClient(t, addrs))
	for i := range 50 { // tenants on every node
		a := limits.Admission{
			Tenant: fmt.Sprint("tenant", i), RecordID: "r", IdempotencyKey: "k", Window: time.Hour,
			Limits: limits.Tenant{GenerationsPerMinute: 10, MaxConcurrentGenerations: 10},
		}
		grant, err := store.Admit(t.Context(), a)
		if err != nil {
			t.Fatalf("Admit(%s) = %v", a.Tenant, err)
		}
		if err := grant.Settle(t.Context(), limits.Completed, true); err != nil {
			t.Fatalf("Settle(%s) = %v", a.Tenant, err)
		}
	}
	if store.Away() {
		t.Error("the cluster is taken for away")
	}
}

func clusterClient(t *testing.T, addrs []string) *redis.ClusterClient {
	client := redis.NewClusterClient(&redis.ClusterOptions{Addrs: addrs, ContextTimeoutEnabled: true})
	t.Cleanup(func() { _ = client.Close() })
	return client
}
