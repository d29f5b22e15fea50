package relay

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// slots bounds the attempts at one provider: an account speaks so many streams at once. A place that comes free goes
// to the tenant that has fewest, and within a tenant to whoever waits longest.
type slots struct {
	mu      sync.Mutex // guards what follows
	most    int        // 0: no bound
	taken   int
	held    map[string]int // by tenant
	waiting []*seeker
}

// seeker waits for a place at any of several providers.
type seeker struct {
	tenant string
	over   atomic.Bool // it has a place, or has given up: whoever sets it decides which
	found  chan *slots // holds the place once it is there
}

// newSlots has room for the given number; 0: no bound.
func newSlots(most int) *slots { return &slots{most: most, held: make(map[string]int)} }

// takeAny takes a place at the first of the providers that has one, and waits for the first that comes free for as
// long as patience lasts; negative: as long as ctx does. It returns nil where there was none.
func takeAny(ctx context.Context, tenant string, among []*slots, patience time.Duration) *slots {
	w := &seeker{tenant: tenant, found: make(chan *slots, 1)}
	defer func() {
		for _, s := range among {
			s.forget(w)
		}
	}()
	for _, s := range among {
		if s.takeOrWait(w, patience != 0) {
			return s
		}
	}
	if patience == 0 {
		return nil
	}
	var enough <-chan time.Time
	if patience > 0 {
		timer := time.NewTimer(patience)
		defer timer.Stop()
		enough = timer.C
	}
	select {
	case s := <-w.found:
		return s
	case <-ctx.Done():
	case <-enough:
	}
	if w.over.Swap(true) {
		return <-w.found // it came at the last moment
	}
	return nil
}

// take takes a place where one is free.
func (s *slots) take(tenant string) bool {
	return s.takeOrWait(&seeker{tenant: tenant}, false)
}

// takeOrWait takes a place where one is free, or else has the seeker wait for one.
func (s *slots) takeOrWait(w *seeker, wait bool) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fullLocked() {
		if wait {
			s.waiting = append(s.waiting, w)
		}
		return false
	}
	if w.over.Swap(true) {
		return false // another provider's place is on its way to it
	}
	s.taken++
	s.held[w.tenant]++
	return true
}

// give gives a tenant's place back, to the next who waits.
func (s *slots) give(tenant string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.held[tenant]--; s.held[tenant] == 0 {
		delete(s.held, tenant)
	}
	s.taken--
	s.fillLocked()
}

// resize has room for another number from now on. Nobody loses a place.
func (s *slots) resize(most int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.most = most
	s.fillLocked()
}

// fillLocked gives what places are free to those who wait.
func (s *slots) fillLocked() {
	for len(s.waiting) > 0 && !s.fullLocked() {
		w := s.nextLocked()
		if !w.over.Swap(true) {
			s.taken++
			s.held[w.tenant]++
			w.found <- s
		}
	}
}

func (s *slots) fullLocked() bool { return s.most > 0 && s.taken >= s.most }

// nextLocked takes out whoever is to have the next place.
func (s *slots) nextLocked() *seeker {
	best := 0
	for i, w := range s.waiting {
		if s.held[w.tenant] < s.held[s.waiting[best].tenant] {
			best = i
		}
	}
	w := s.waiting[best]
	s.waiting = slices.Delete(s.waiting, best, best+1)
	return w
}

func (s *slots) forget(w *seeker) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.waiting = slices.DeleteFunc(s.waiting, func(other *seeker) bool { return other == w })
}

// queue is how many attempts wait.
func (s *slots) queue() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.waiting)
}
