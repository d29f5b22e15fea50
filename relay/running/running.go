// Package running is which generations are under way, and how each stands.
package running

import (
	"cmp"
	"slices"
	"sync"
	"time"
)

// Status is how a generation stands that is under way. It has nothing of its text.
type Status struct {
	RecordID, GenerationID, ContextID, SessionID string
	Tenant, Key, Dialect, Route                  string
	// Provider and Model are the target that speaks now, or else that was tried last; empty: none yet.
	Provider, Model string
	// Attempts are those so far, Characters the length of the text so far.
	Attempts, Characters int
	// Sent is how much audio the client has taken.
	Sent  time.Duration
	Began time.Time
}

// Summary is the generations under way at a time.
type Summary struct {
	// Total is how many they are, Tenants how many of each tenant.
	Total   int
	Tenants map[string]int
	// Latest tells of those that began last, the last one first.
	Latest []Status
}

// Generation is one that is under way, as far as a Set needs it. C is why it is ended from our side.
type Generation[C any] interface {
	Status() Status
	// Stop ends it. It reports false where its end is on its way.
	Stop(cause C) bool
}

// Entry is a generation with what does not change of it.
type Entry[C any] struct {
	RecordID, Tenant string
	Began            time.Time
	Generation       Generation[C]
}

// Set is the generations under way, by their record's id. It is safe for concurrent use.
type Set[C any] struct {
	mu  sync.Mutex
	all map[string]Entry[C] // guarded by mu
}

// Enter has a generation be among them until leave.
func (s *Set[C]) Enter(e Entry[C]) (leave func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.all == nil {
		s.all = make(map[string]Entry[C])
	}
	s.all[e.RecordID] = e
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.all, e.RecordID)
	}
}

// Count is how many they are.
func (s *Set[C]) Count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.all)
}

// Stop ends the generation with a record's id. It reports false where there is none that runs.
func (s *Set[C]) Stop(recordID string, cause C) bool {
	s.mu.Lock()
	e, known := s.all[recordID]
	s.mu.Unlock()
	return known && e.Generation.Stop(cause)
}

// Summary tells of them, of at most so many one by one.
func (s *Set[C]) Summary(most int) Summary {
	all := s.current()
	told := Summary{Total: len(all), Tenants: make(map[string]int)}
	for i, e := range all {
		told.Tenants[e.Tenant]++
		if i < most {
			told.Latest = append(told.Latest, e.Generation.Status())
		}
	}
	return told
}

// current are all of them, the one that began last first.
func (s *Set[C]) current() []Entry[C] {
	s.mu.Lock()
	all := make([]Entry[C], 0, len(s.all))
	for _, e := range s.all {
		all = append(all, e)
	}
	s.mu.Unlock()
	slices.SortFunc(all, func(a, b Entry[C]) int {
		return cmp.Or(b.Began.Compare(a.Began), cmp.Compare(a.RecordID, b.RecordID))
	})
	return all
}
