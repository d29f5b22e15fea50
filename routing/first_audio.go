package routing

import (
	"cmp"
	"slices"
	"sync"
	"time"
)

// expectedFirstAudio is assumed of a provider that was not heard yet.
const expectedFirstAudio = 300 * time.Millisecond

// FirstAudio is how long providers took to their first audio of late. It decides: when a backup is opened, how much audio is held
// back, and which provider is the fastest. It is safe for concurrent use.
type FirstAudio struct {
	mu     sync.Mutex // guards recent
	recent map[string]*latencies
}

// NewFirstAudio has heard no provider yet.
func NewFirstAudio() *FirstAudio { return &FirstAudio{recent: make(map[string]*latencies)} }

// Note notes an attempt's first audio, after its start.
func (f *FirstAudio) Note(provider string, took time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	l := f.recent[provider]
	if l == nil {
		l = &latencies{}
		f.recent[provider] = l
	}
	l.add(took)
}

// Forget lets a provider be as one that was not heard yet: it may be another one under the same name.
func (f *FirstAudio) Forget(provider string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.recent, provider)
}

// Usual is how long a provider takes, half of the time.
func (f *FirstAudio) Usual(provider string) time.Duration {
	if known := f.Known(provider); known > 0 {
		return known
	}
	return expectedFirstAudio
}

// Known is how long a provider takes, half of the time, or 0 for a provider that was not heard yet.
func (f *FirstAudio) Known(provider string) time.Duration {
	f.mu.Lock()
	defer f.mu.Unlock()
	if l := f.recent[provider]; l != nil {
		return l.at(0.5)
	}
	return 0
}

// Quantiles are how long a provider takes, half of the time and in 95 of 100 cases; false: it was not heard yet.
func (f *FirstAudio) Quantiles(provider string) (p50, p95 time.Duration, heard bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	l := f.recent[provider]
	if l == nil {
		return 0, 0, false
	}
	return l.at(0.5), l.at(0.95), true
}

// latencies keeps the last observations.
type latencies struct {
	seen []time.Duration // a ring once it is full
	next int
}

// keptLatencies is how many observations count: enough that one slow start does not change the order of providers, few enough
// that a busy relay forgets a vendor's bad minute within one.
const keptLatencies = 128

func (l *latencies) add(d time.Duration) {
	if len(l.seen) < keptLatencies {
		l.seen = append(l.seen, d)
		return
	}
	l.seen[l.next] = d
	l.next = (l.next + 1) % keptLatencies
}

// at is a quantile of at least one observation.
func (l *latencies) at(q float64) time.Duration {
	sorted := slices.Sorted(slices.Values(l.seen))
	return sorted[int(q*float64(len(sorted)-1))]
}

// Ranked are the plan's candidates in the order of its strategy. For Fastest, a provider that was never heard goes first, since only
// so its time becomes known.
func (p *Plan) Ranked(times *FirstAudio) []Candidate {
	if p.Strategy != Fastest {
		return p.Candidates
	}
	ranked := slices.Clone(p.Candidates)
	slices.SortStableFunc(ranked, func(a, b Candidate) int {
		return cmp.Or(
			p.Preferred.First(a, b),
			cmp.Compare(times.Known(a.Provider), times.Known(b.Provider)),
		)
	})
	return ranked
}
