package metrics

import (
	"maps"
	"sync"
	"time"
)

// A chart of the last hour has one point each 10 s: finer would show nothing more at the size of a page.
const (
	RecentStep = 10 * time.Second
	recentKept = 360
)

// Bounds on what a slot tells apart. Providers, tenants and codes are those of configurations and of the protocol, so that only a
// configuration of very many tenants meets them; then the rest is not told apart.
const recentNames = 1000

// Recent is what happened in the last hour, for those who look at it as it happens: it is not for Prometheus, and ends with the
// process. It is safe for concurrent use.
type Recent struct {
	mu    sync.Mutex // guards what follows
	slots [recentKept]slot
}

// slot is what happened within one step.
type slot struct {
	number  int64 // of the step since 1970; another one: the slot is empty
	active  int   // the most at a time, as far as it was seen
	counts  Counts
	callers *Spread
	vendors map[string]*Vendor
	tenants map[string]map[string]int // refusals by code, by tenant
}

// Counts are how generations ended, and what was refused.
type Counts struct {
	// Generations are those that ended: Failed of them failed, and Rerouted were spoken though an attempt had failed.
	Generations, Failed, Rerouted int
	// Refusals are by the code of their error.
	Refusals map[string]int
}

// Vendor is what attempts at a provider came to.
type Vendor struct {
	Attempts, Failed int
	// Kept are generations that began there since their conversation had been there last.
	Kept int
	// Kinds are failures by their kind.
	Kinds map[string]int
	// FirstAudio is how long attempts took to their first audio.
	FirstAudio Spread
}

// Point is one step of the chart.
type Point struct {
	// At is the step's beginning.
	At     time.Time
	Active int
	Counts
	Callers Spread
	Vendors map[string]Vendor
}

// note has f note something in the slot of a moment.
func (r *Recent) note(f func(*slot)) { r.noteAt(time.Now(), f) }

func (r *Recent) noteAt(now time.Time, f func(*slot)) {
	number := stepOf(now)
	r.mu.Lock()
	defer r.mu.Unlock()
	s := &r.slots[number%recentKept]
	if s.number != number {
		*s = slot{number: number}
	}
	f(s)
}

// stepOf is the number of a time's step; a clock that stands before 1970 is in the first one.
func stepOf(t time.Time) int64 { return max(0, t.Unix()/int64(RecentStep/time.Second)) }

// Seen notes how many generations are under way.
func (r *Recent) Seen(active int) {
	r.note(func(s *slot) { s.active = max(s.active, active) })
}

// TenantRefused counts a refusal by whose it was.
func (r *Recent) TenantRefused(tenant, code string) {
	r.note(func(s *slot) {
		codes := s.tenants[tenant]
		if codes == nil {
			if len(s.tenants) >= recentNames {
				return
			}
			if s.tenants == nil {
				s.tenants = make(map[string]map[string]int)
			}
			codes = make(map[string]int)
			s.tenants[tenant] = codes
		}
		codes[code]++
	})
}

func (r *Recent) refused(code string) {
	r.note(func(s *slot) { add(&s.counts.Refusals, code, 1) })
}

func (r *Recent) ended(failed bool) {
	r.note(func(s *slot) {
		s.counts.Generations++
		if failed {
			s.counts.Failed++
		}
	})
}

func (r *Recent) rerouted() {
	r.note(func(s *slot) { s.counts.Rerouted++ })
}

func (r *Recent) callerHeard(took time.Duration) {
	r.note(func(s *slot) {
		if s.callers == nil {
			s.callers = &Spread{}
		}
		s.callers.Note(took)
	})
}

func (r *Recent) conversationKept(provider string) {
	r.note(func(s *slot) {
		if v := s.vendor(provider); v != nil {
			v.Kept++
		}
	})
}

func (r *Recent) attemptHeard(provider string, took time.Duration) {
	r.note(func(s *slot) {
		if v := s.vendor(provider); v != nil {
			v.FirstAudio.Note(took)
		}
	})
}

func (r *Recent) attemptEnded(provider, code string) {
	r.note(func(s *slot) {
		v := s.vendor(provider)
		if v == nil {
			return
		}
		v.Attempts++
		if code != "" {
			v.Failed++
			add(&v.Kinds, code, 1)
		}
	})
}

// vendor is what the slot has of a provider; nil: there is no room for it.
func (s *slot) vendor(provider string) *Vendor {
	v := s.vendors[provider]
	if v == nil && len(s.vendors) < recentNames {
		if s.vendors == nil {
			s.vendors = make(map[string]*Vendor)
		}
		v = &Vendor{}
		s.vendors[provider] = v
	}
	return v
}

// add counts within a map that may not be there yet.
func add(to *map[string]int, name string, n int) {
	if *to == nil {
		*to = make(map[string]int)
	}
	(*to)[name] += n
}

// Points are the complete steps after a time, in their order: those of the last hour. Steps in which nothing happened are among
// them, from the first that has something on.
func (r *Recent) Points(after, now time.Time) []Point {
	last := stepOf(now) - 1
	first := max(0, last-recentKept+2) // the step under way has a slot as well
	if !after.IsZero() {
		first = max(first, stepOf(after)+1)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	var points []Point
	for number := first; number <= last; number++ {
		s := &r.slots[number%recentKept]
		if s.number != number {
			s = &slot{number: number}
			if len(points) == 0 && after.IsZero() {
				continue
			}
		}
		points = append(points, s.point())
	}
	return points
}

func (s *slot) point() Point {
	p := Point{At: time.Unix(0, s.number*int64(RecentStep)).UTC(), Active: s.active, Counts: s.counts}
	p.Refusals = maps.Clone(s.counts.Refusals)
	if s.callers != nil {
		p.Callers = *s.callers
	}
	for name, v := range s.vendors {
		if p.Vendors == nil {
			p.Vendors = make(map[string]Vendor)
		}
		of := *v
		of.Kinds = maps.Clone(v.Kinds)
		p.Vendors[name] = of
	}
	return p
}

// Sum is what happened over some time.
type Sum struct {
	Counts
	Callers Spread
	// Vendors are by provider, Tenants the refusals by tenant and code.
	Vendors map[string]*Vendor
	Tenants map[string]map[string]int
}

// Since sums up what happened from a time on, in whole steps.
func (r *Recent) Since(from, now time.Time) Sum {
	sum := Sum{
		Counts: Counts{Refusals: make(map[string]int)}, Vendors: make(map[string]*Vendor), Tenants: make(map[string]map[string]int),
	}
	last := stepOf(now)
	r.mu.Lock()
	defer r.mu.Unlock()
	for number := max(stepOf(from), last-recentKept+1, 0); number <= last; number++ {
		if s := &r.slots[number%recentKept]; s.number == number {
			sum.add(s)
		}
	}
	return sum
}

// LastHour sums up all that is kept.
func (r *Recent) LastHour(now time.Time) Sum { return r.Since(now.Add(-time.Hour), now) }

func (sum *Sum) add(s *slot) {
	sum.Generations += s.counts.Generations
	sum.Failed += s.counts.Failed
	sum.Rerouted += s.counts.Rerouted
	addAll(&sum.Refusals, s.counts.Refusals)
	if s.callers != nil {
		sum.Callers.Add(s.callers)
	}
	for name, v := range s.vendors {
		to := sum.Vendors[name]
		if to == nil {
			to = &Vendor{}
			sum.Vendors[name] = to
		}
		to.Attempts += v.Attempts
		to.Failed += v.Failed
		to.Kept += v.Kept
		to.FirstAudio.Add(&v.FirstAudio)
		addAll(&to.Kinds, v.Kinds)
	}
	for tenant, codes := range s.tenants {
		all := sum.Tenants[tenant]
		addAll(&all, codes)
		sum.Tenants[tenant] = all
	}
}

func addAll(to *map[string]int, from map[string]int) {
	for name, n := range from {
		add(to, name, n)
	}
}
