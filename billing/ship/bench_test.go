package ship

import (
	"fmt"
	"strconv"
	"testing"
	"time"
)

// BenchmarkRebuild brings 20,000 records to an empty Redis, and tells what one takes of its memory.
func BenchmarkRebuild(b *testing.B) {
	const records = 20_000
	server := newRedisServer(b)
	rdb, out := server.newClient(), newMemoryOutbox()
	for n := range records {
		out.add("e1", recordOf(fmt.Sprintf("tenant-%d", n%4), time.Now().Add(-time.Duration(n%72)*time.Hour), n))
	}
	used := func() float64 {
		n, err := strconv.ParseFloat(infoField(rdb.Info(b.Context(), "memory").Val(), "used_memory"), 64)
		must(b, err)
		return n
	}
	empty := used()
	for b.Loop() {
		must(b, rdb.FlushAll(b.Context()).Err())
		must(b, New(Config{Relay: "relay-1", Epoch: "e1"}, out, rdb).All(b.Context()))
	}
	b.ReportMetric(records*float64(b.N)/b.Elapsed().Seconds(), "records/s")
	b.ReportMetric((used()-empty)/records, "B/record")
}
