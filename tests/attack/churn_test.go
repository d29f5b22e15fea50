package attack

import (
	"context"
	"flag"
	"slices"
	"sync"
	"testing"
	"time"
)

var churnFor = flag.Duration("churn", 20*time.Second, "how long TestChurn lasts; make churn has it last ten minutes")

// everything is the attack that is all of them, one after the other, two at a time.
const everything = "everything"

const lanes = 2

// turnOf is how long each attack lasts: a round of all is short enough for two in any churn.
func turnOf(churn time.Duration) time.Duration {
	return min(2*time.Second, churn*lanes/time.Duration(5*len(all())/2))
}

// roundOf is how long all attacks take.
func roundOf(churn time.Duration) time.Duration {
	return turnOf(churn) * time.Duration(len(all())) / lanes
}

// playEverything attacks in turn until ctx ends, and gives how often it acted.
func playEverything(ctx context.Context, address string, vendor *illVendor, turn time.Duration) int {
	attacks := all()
	var wg sync.WaitGroup
	acts := make([]int, lanes)
	for lane := range lanes {
		wg.Go(func() {
			for i := lane * len(attacks) / lanes; ctx.Err() == nil; i++ { // so that no attack meets itself
				a := attacks[i%len(attacks)]
				turn, cancel := context.WithTimeout(ctx, turn)
				acts[lane] += a.run(turn, address, vendor)
				cancel()
			}
		})
	}
	wg.Wait()
	return acts[0] + acts[1]
}

// anyIll is a program that is ill in one way or another.
const anyIll = "case $(($$ % 3)) in 0) cat >/dev/null; exec cat /dev/zero ;; 1) for i in 1 2 3 4; do sleep 60 & done; wait ;; *) cat >/dev/null ;; esac"

// Whatever comes and goes, memory does not grow: what it is after half of the time it is at the end.
func TestChurn(t *testing.T) {
	if testing.Short() {
		t.Skip("churn takes its time")
	}
	with := attack{name: everything}.start(t)
	r := start(t, wellVendor(t), with, anyIll)
	c := &caller{t: t, relay: r}
	defer c.hangUp()
	c.speakFor(0, sentences)
	before := r.measure(t)
	with.begin(r.address)
	resident, waits := r.endure(t, c)
	did := with.end()
	r.settle(t, before)
	c.recorded()
	c.hangUp()
	r.verify()
	round := int(roundOf(*churnFor) / time.Second)
	half, end := middle(resident[len(resident)/2-round:len(resident)/2]), middle(resident[len(resident)-round:])
	t.Logf("%d acts in %v; resident %.0f MB before, %.0f MB after half of the time, %.0f MB at the end; another tenant's first audio %s ms",
		did, *churnFor, before.resident/1e6, half/1e6, end/1e6, halves(waits))
	if did < 1000 {
		t.Errorf("it did %d, which proves nothing", did)
	}
	if end > half*growthAllowed(*churnFor) {
		t.Errorf("memory grew from %.0f to %.0f MB", half/1e6, end/1e6)
	}
}

// growthAllowed is wider where a round is too short to be like another.
func growthAllowed(churn time.Duration) float64 {
	if churn < 10*time.Minute {
		return 1.5
	}
	return 1.1
}

// endure has the caller speak now and then during the churn, and gives the resident memory of each second.
func (r *relay) endure(t *testing.T, c *caller) (resident []float64, waits []time.Duration) {
	t.Helper()
	pace := time.NewTicker(time.Second)
	defer pace.Stop()
	for begun := time.Now(); time.Since(begun) < *churnFor; {
		<-pace.C
		waits = append(waits, c.speakFor(0, 4)...)
		resident = append(resident, r.measure(t).resident)
	}
	return resident, waits
}

// middle is the median.
func middle(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[len(sorted)/2]
}
