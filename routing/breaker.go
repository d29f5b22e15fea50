package routing

import (
	"maps"
	"sync"
	"time"

	"github.com/sony/gobreaker/v2"

	"voicerelay/upstream"
)

// breaker is a circuit. Its verdicts come late, so it is of the two-step kind.
type breaker struct {
	*gobreaker.TwoStepCircuitBreaker[struct{}]
	window time.Duration

	judging sync.Mutex // held while a verdict is told, so that hopeless is of that one; taken before mu

	mu       sync.Mutex // guards what follows
	changed  time.Time  // when it opened or closed last; zero: it never did
	hopeless bool       // the last failure is one that only an operator mends
	tenants  sightings  // who tried
	failing  sightings  // who failed
	silent   sightings  // voices that said nothing
}

// judge notes a verdict and tells it.
func (b *breaker) judge(tenant string, err error, tell func(error)) {
	b.judging.Lock()
	defer b.judging.Unlock()
	b.note(tenant, err)
	tell(err)
}

// note remembers who tried, and whether it failed.
func (b *breaker) note(tenant string, err error) {
	now := time.Now()
	b.mu.Lock()
	defer b.mu.Unlock()
	b.tenants.see(tenant, now)
	b.hopeless = false
	if err == nil || undecided(err) {
		return
	}
	b.failing.see(tenant, now)
	b.hopeless = upstream.Policies[upstream.KindOf(err)].Opens
}

// change notes that it has opened or closed just now.
func (b *breaker) change() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.changed = time.Now()
}

// changedAt is when it opened or closed last; zero: it never did.
func (b *breaker) changedAt() time.Time {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.changed
}

func (b *breaker) opens() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.hopeless
}

// agreed reports whether failures are more than one tenant's: where several use the target, what one of them sends
// must not take it from the others.
func (b *breaker) agreed() bool {
	since := time.Now().Add(-b.window)
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.tenants.since(since) < 2 || b.failing.since(since) >= 2
}

// unused reports whether a closed circuit has had no verdict since.
func (b *breaker) unused(since time.Time) bool {
	if b.State() != gobreaker.StateClosed {
		return false
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.tenants.since(since) == 0
}

// silentVoice notes a voice that said nothing. It reports whether it is not the only one, so that it is the target's
// fault.
func (b *breaker) silentVoice(voice string) bool {
	now := time.Now()
	b.mu.Lock()
	defer b.mu.Unlock()
	since := now.Add(-b.window)
	if len(b.silent) >= maxSilent {
		maps.DeleteFunc(b.silent, func(_ string, seen time.Time) bool { return seen.Before(since) })
	}
	if len(b.silent) < maxSilent {
		b.silent.see(voice, now)
	}
	return b.silent.since(since) >= 2
}

// maxSilent bounds the silent voices of a target that are told apart: two decide, while clients may name any number of raw ones.
const maxSilent = 64

// sightings are names with the time when each was last seen. Tenants are those of the configuration, so there are few.
type sightings map[string]time.Time

func (s sightings) see(name string, now time.Time) { s[name] = now }

func (s sightings) since(t time.Time) int {
	n := 0
	for _, seen := range s {
		if !seen.Before(t) {
			n++
		}
	}
	return n
}
