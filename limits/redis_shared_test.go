package limits_test

import (
	"context"
	"fmt"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"

	"voicerelay/limits"
	"voicerelay/limits/limitstest"
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
	addrs := startCluster(t)
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

// startCluster starts three nodes that share the slots, and returns their addresses.
func startCluster(t *testing.T) []string {
	t.Helper()
	const slots, nodes = 16384, 3
	var addrs []string
	var first *redis.Client
	for i := range nodes {
		_, bus, err := net.SplitHostPort(freeAddr(t)) // the usual, 10000 higher, may not be a port at all
		if err != nil {
			t.Fatal(err)
		}
		node := startServer(t, "--cluster-enabled", "yes", "--cluster-port", bus)
		client := node.client(t)
		if first == nil {
			first = client
		}
		lowest, highest := i*slots/nodes, (i+1)*slots/nodes-1
		if err := client.ClusterAddSlotsRange(t.Context(), lowest, highest).Err(); err != nil {
			t.Fatal(err)
		}
		host, port, err := net.SplitHostPort(node.addr)
		if err != nil {
			t.Fatal(err)
		}
		if err := first.Do(t.Context(), "CLUSTER", "MEET", host, port, bus).Err(); err != nil {
			t.Fatal(err)
		}
		addrs = append(addrs, node.addr)
	}
	for _, addr := range addrs {
		awaitCluster(t, addr, nodes)
	}
	return addrs
}

// awaitCluster waits until a node knows all of them.
func awaitCluster(t *testing.T, addr string, nodes int) {
	t.Helper()
	client := redis.NewClient(&redis.Options{Addr: addr})
	defer func() { _ = client.Close() }()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	poll := time.NewTicker(50 * time.Millisecond)
	defer poll.Stop()
	for {
		shards, err := client.ClusterShards(ctx).Result()
		info, infoErr := client.ClusterInfo(ctx).Result()
		if err == nil && infoErr == nil && len(shards) == nodes && strings.Contains(info, "cluster_state:ok") {
			return
		}
		select {
		case <-ctx.Done():
			t.Fatalf("the cluster does not come together: %d shards", len(shards))
		case <-poll.C:
		}
	}
}
