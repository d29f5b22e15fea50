package matrix

import (
	"flag"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

var (
	write = flag.String("write", "", "the `document` whose tables are to be made anew")
	whole = flag.Bool("whole", false, "run all ordered pairs of vendors; else each vendor meets all that can go wrong, and who takes over is drawn")
	seed  = flag.Uint64("seed", 1, "what is drawn by")
	only  = flag.String("only", "", "run just the cases whose name has this `text`, for a closer look; the test fails then")
)

func TestMatrix(t *testing.T) {
	all := chosen()
	results := make([]result, len(all))
	ends := rehearsed(t)
	t.Run("cases", func(t *testing.T) {
		room := make(chan struct{}, runtime.NumCPU())
		var wg sync.WaitGroup
		for i, s := range all {
			wg.Go(func() {
				room <- struct{}{}
				defer func() { <-room }()
				t.Run(s.String(), func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) { results[i] = play(t, s, ends[s.first.name]) })
				})
			})
		}
		wg.Wait()
	})
	report := newReport(results)
	var table strings.Builder
	report.text(&table)
	if !*whole {
		t.Logf("a sample, by -seed %d; -whole runs all pairs", *seed)
	}
	t.Log("\n" + table.String())
	if *write != "" {
		var page strings.Builder
		report.markdown(&page)
		fill(t, *write, "matrix", page.String())
	}
	if err := report.verdict(); err != nil {
		t.Error(err)
	}
}

// sampled is of how many cases one is run under the race detector, which makes them many times slower. It has no factor
// in common with how many pairs, faults and places there are, so that all of these are met.
const sampled = 31

// pool are the cases of which some are chosen.
func pool() []scenario {
	if *whole {
		return scenarios()
	}
	return sample(*seed)
}

// chosen are the cases to run.
func chosen() []scenario {
	var all []scenario
	for i, s := range pool() {
		if raceEnabled && i%sampled != 0 {
			continue
		}
		if strings.Contains(s.String(), *only) {
			all = append(all, s)
		}
	}
	return all
}

// rehearsed are the times at which each vendor's words end.
func rehearsed(t *testing.T) map[string][]time.Duration {
	ends := make(map[string][]time.Duration)
	for _, v := range vendors() {
		t.Run("rehearsal/"+v.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { ends[v.name] = listen(t, v) })
		})
	}
	return ends
}
