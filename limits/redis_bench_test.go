package limits_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"voicerelay/limits"
)

// BenchmarkRedis is what a generation asks of a real server: admission, a piece's reservation, and the end of both.
// ns/op is a generation's, with many under way at once.
func BenchmarkRedis(b *testing.B) {
	server := startServer(b)
	client := redis.NewClient(&redis.Options{Addr: server.Addr, ContextTimeoutEnabled: true, PoolSize: 64})
	defer func() { _ = client.Close() }()
	store := newRedis(b, limits.RedisConfig{Patience: 10 * time.Second}, client)
	ctx := context.Background()
	var n atomic.Int64
	b.SetParallelism(32)
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			id := fmt.Sprintf("%028d", n.Add(1)) // as long as a record id is
			a := asking(id, id)
			a.Limits = limits.Tenant{GenerationsPerMinute: 1_000_000, MaxConcurrentGenerations: 1_000_000}
			grant, err := store.Admit(ctx, a)
			if err != nil {
				b.Error(err)
				return
			}
			e := costing(id)
			e.Budget.Daily = 1 << 50
			reservation, err := store.Open(ctx, e)
			if err != nil {
				b.Error(err)
				return
			}
			if reservation.Reserve(ctx, 10) != nil || reservation.Settle(ctx, limits.Spent{"EUR": 5}) != nil || grant.Settle(ctx, limits.Completed, true) != nil {
				b.Error("the generation is broken off")
				return
			}
		}
	})
	b.ReportMetric(float64(memory(b, client))/float64(n.Load()), "redis-B/op")
}

// memory is what the server holds.
func memory(b *testing.B, client *redis.Client) int64 {
	info, err := client.InfoMap(context.Background(), "memory").Result()
	if err != nil {
		b.Fatal(err)
	}
	var used int64
	if _, err := fmt.Sscan(info["Memory"]["used_memory_dataset"], &used); err != nil {
		b.Fatal(err)
	}
	return used
}
