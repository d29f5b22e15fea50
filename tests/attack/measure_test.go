package attack

import (
	"bufio"
	"fmt"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// gauges is what the relay's process holds.
type gauges struct {
	resident, heap          float64 // bytes
	goroutines, descriptors float64
	pooled                  float64 // sockets to vendors, which stay open for the next generation
	cpu                     float64 // seconds so far
}

// metrics asks the admin address, which hostile clients don't reach.
func (r *relay) metrics() (map[string]float64, error) {
	client := http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	res, err := client.Get("http://" + r.admin + "/metrics")
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	all := make(map[string]float64)
	lines := bufio.NewScanner(res.Body)
	for lines.Scan() {
		name, value, ok := strings.Cut(lines.Text(), " ")
		if !ok || name == "#" {
			continue
		}
		name, _, _ = strings.Cut(name, "{")
		n, err := strconv.ParseFloat(value[strings.LastIndexByte(value, ' ')+1:], 64)
		if err != nil {
			return nil, fmt.Errorf("metric %s: %w", name, err)
		}
		all[name] += n
	}
	return all, lines.Err()
}

func (r *relay) measure(t *testing.T) gauges {
	t.Helper()
	g, err := r.tryMeasure()
	if err != nil {
		t.Fatalf("metrics: %v\n%s", err, r.Log)
	}
	return g
}

func (r *relay) tryMeasure() (gauges, error) {
	all, err := r.metrics()
	return gauges{
		all["process_resident_memory_bytes"], all["go_memstats_heap_inuse_bytes"],
		all["go_goroutines"], all["process_open_fds"], all["relay_upstream_connections"],
		all["process_cpu_seconds_total"],
	}, err
}

// most is the larger of each.
func (g gauges) most(o gauges) gauges {
	return gauges{
		max(g.resident, o.resident), max(g.heap, o.heap),
		max(g.goroutines, o.goroutines), max(g.descriptors, o.descriptors), max(g.pooled, o.pooled),
		max(g.cpu, o.cpu),
	}
}

// What may be left after an attack: connections of the measuring itself, and what the process keeps for the next client.
const (
	heapLeft        = 24 << 20
	goroutinesLeft  = 12
	descriptorsLeft = 8
	perPooled       = 3 // goroutines of a socket to a vendor
)

// backTo reports whether the process holds no more than before, but for sockets to vendors.
func (g gauges) backTo(before gauges) bool {
	pooled := max(0, g.pooled-before.pooled)
	return g.heap <= before.heap+heapLeft &&
		g.goroutines <= before.goroutines+goroutinesLeft+perPooled*pooled &&
		g.descriptors <= before.descriptors+descriptorsLeft+pooled
}

// settle waits until the process holds no more than before an attack. Asking for metrics leaves garbage, so that it is
// collected.
func (r *relay) settle(t *testing.T, before gauges) gauges {
	t.Helper()
	pace := time.NewTicker(5 * time.Millisecond)
	defer pace.Stop()
	for begun := time.Now(); ; <-pace.C {
		g := r.measure(t)
		if g.backTo(before) {
			return g
		}
		if time.Since(begun) > settlePatience {
			t.Errorf("not back to what it was: %+v, before %+v", g, before)
			return g
		}
	}
}

// settlePatience covers what bounds wait for: handshakes that never end (10 s), a vendor that never confirms a cancel.
const settlePatience = 20 * time.Second

// watch samples the process until it is told to stop, and gives the most that it held.
func (r *relay) watch() (stop func() gauges) {
	over, peak := make(chan struct{}), make(chan gauges)
	go func() { // ends with stop
		var most gauges
		pace := time.NewTicker(100 * time.Millisecond)
		defer pace.Stop()
		for {
			select {
			case <-over:
				peak <- most
				return
			case <-pace.C:
				g, _ := r.tryMeasure() // a relay that does not answer fails the measuring that follows
				most = most.most(g)
			}
		}
	}()
	return func() gauges { close(over); return <-peak }
}

// quantile is the value that a share of the waits does not pass.
func quantile(waits []time.Duration, share float64) time.Duration {
	if len(waits) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(waits))
	return sorted[int(math.Ceil(share*float64(len(sorted))))-1]
}

// A row is an attack in the table.
type row struct {
	name                   string
	did                    int
	cores                  float64 // that the relay kept busy meanwhile
	before, during, after  gauges
	alone, beside, relaxed []time.Duration // the other tenant's waits for its first audio
	machine                time.Duration   // that the machine itself was late at most
}

func table(rows []row) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%-40s %7s %5s | %-17s | %-17s | %-14s | %s\n", "attack", "acts", "cores", "resident MB", "goroutines", "descriptors",
		"another tenant's first audio, p50/p95 ms")
	for _, r := range rows {
		fmt.Fprintf(&b, "%-40s %7d %5.2f | %5.0f %5.0f %5.0f | %5.0f %5.0f %5.0f | %4.0f %4.0f %4.0f | %s %s %s\n", r.name, r.did, r.cores,
			r.before.resident/1e6, r.during.resident/1e6, r.after.resident/1e6,
			r.before.goroutines, r.during.goroutines, r.after.goroutines,
			r.before.descriptors, r.during.descriptors, r.after.descriptors,
			halves(r.alone), halves(r.beside), halves(r.relaxed))
	}
	return b.String()
}

func halves(waits []time.Duration) string {
	ms := func(d time.Duration) float64 { return float64(d) / 1e6 }
	return fmt.Sprintf("%5.1f/%-6.1f", ms(quantile(waits, 0.5)), ms(quantile(waits, 0.95)))
}
