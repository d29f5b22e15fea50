package tests

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// proofs has the tests whose names begin with TestSurvives run at their full size, one after the other. It takes minutes;
// docs/ledger.md has what they print.
var proofs = flag.Bool("proofs", false, "run the tests of what survives at their full size")

// sized is a figure as it is in every run of the tests, and at the full size.
func sized[T any](small, full T) T {
	if *proofs {
		return full
	}
	return small
}

// amongOthers lets a test run in parallel with others, but for its full size, which takes all of the machine.
func amongOthers(t *testing.T) {
	if !*proofs {
		t.Parallel()
	}
}

// A crowd is callers that keep generations running, and what they were told of them.
type crowd struct {
	// Static after newCrowd.
	t     *testing.T
	each  int  // generations that a caller keeps running
	kills bool // relays are killed: connections may break

	over    chan struct{} // closed when no more generations are to begin
	callers sync.WaitGroup

	mu     sync.Mutex // guards what follows
	ended  bool       // over is closed
	phase  string
	told   map[string]*told           // by record id
	firsts map[string][]time.Duration // from asking to the first audio, by the phase in which it was asked for
	open   map[*caller]int            // how many generations run that were accepted
}

// told is what a client knows of a generation that was accepted.
type told struct {
	generation, tenant string
	end                *message // nil: its end was never heard of
}

// proofTenants have a key each. The first three lie on different nodes of a cluster of three.
var proofTenants = [...]string{"acme", "gamma", "delta", "beta", "omega", "sigma"}

func proofKey(tenant string) string { return "k-" + tenant + "-0123456789" }

// withProofTenants gives each of them a key, besides that of an admin.
func withProofTenants(c *config) *config {
	c.Keys = []map[string]any{{"name": "ops", "tenant": "staff", "key": opsKey, "admin": true}}
	for _, tenant := range proofTenants {
		c.Keys = append(c.Keys, map[string]any{"name": tenant + "-bot", "tenant": tenant, "key": proofKey(tenant)})
	}
	c.Log = map[string]string{"level": "info"}
	return c
}

// newCrowd ends with the test at the latest.
func newCrowd(t *testing.T, each int) *crowd {
	w := &crowd{
		t: t, each: each, over: make(chan struct{}), told: map[string]*told{}, firsts: map[string][]time.Duration{},
		open: map[*caller]int{},
	}
	t.Cleanup(w.disperse)
	return w
}

// join has n further callers speak at the relay at an address, which may change.
func (w *crowd) join(n int, at *atomic.Pointer[string]) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for range n {
		number := len(w.open)
		c := &caller{
			crowd: w, at: at, name: fmt.Sprint("c", number), tenant: proofTenants[number%len(proofTenants)],
			random: rand.New(rand.NewPCG(uint64(number), 5)),
		}
		w.open[c] = 0
		w.callers.Go(c.run)
	}
}

// disperse lets what runs come to its end, and returns when all callers have gone.
func (w *crowd) disperse() {
	w.mu.Lock()
	if !w.ended {
		w.ended = true
		close(w.over)
	}
	w.mu.Unlock()
	w.callers.Wait()
}

func (w *crowd) stopped() bool {
	select {
	case <-w.over:
		return true
	default:
		return false
	}
}

// enter begins a phase, by which first audio is counted.
func (w *crowd) enter(phase string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.phase = phase
}

// running is how many generations are known to run.
func (w *crowd) running() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	n := 0
	for _, open := range w.open {
		n += open
	}
	return n
}

// heardOf is how many generations were accepted so far.
func (w *crowd) heardOf() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.told)
}

// median is that of the first audio in a phase, and of how many.
func (w *crowd) median(phase string) (time.Duration, int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	all := slices.Sorted(slices.Values(w.firsts[phase]))
	if len(all) == 0 {
		return 0, 0
	}
	return all[len(all)/2], len(all)
}

// note changes or reads what callers share.
func (w *crowd) note(change func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	change()
}

// address is where a relay is, for callers.
func address(r *relay) *atomic.Pointer[string] {
	at := &atomic.Pointer[string]{}
	at.Store(&r.url)
	return at
}
