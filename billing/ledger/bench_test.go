package ledger

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rs/zerolog"
)

// BenchmarkGenerations is a whole generation: entry, progress, close, each on the disk before the next.
func BenchmarkGenerations(b *testing.B) {
	for _, writers := range []int{1, 64, 512} {
		b.Run(name(writers), func(b *testing.B) {
			l := mustOpen(b, Config{Path: path(b), Log: zerolog.Nop()})
			var next atomic.Int64
			var wg sync.WaitGroup
			b.ResetTimer()
			for range writers {
				wg.Go(func() {
					for i := next.Add(1); i <= int64(b.N); i = next.Add(1) {
						speak(b, l, name(int(i)), "acme", time.Now())
					}
				})
			}
			wg.Wait()
			b.StopTimer()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "generations/s")
			mustStop(b, l)
		})
	}
}
