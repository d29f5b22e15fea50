package relay

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// slots bounds the attempts at one provider: an account speaks so many streams at once. It is the one count of them: an
// adapter refuses none. A place is taken until the vendor has let go of the stream, which may be after its attempt has
// ended. A place that comes free goes to the tenant that has fewest, and within a tenant to whoever waits longest.
type slots struct {
	mu      sync.Mutex // guards what follows
	most    int        // 0: no bound
	taken   int
	leaving int            // of these, those that the vendor is about to let go of
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

const (
	// leavingPatience is how long a place that is about to come free is waited for in all: as long as a stream can take to
	// leave its vendor (upstream.Lingerer).
	leavingPatience = 3 * time.Second
	// leavingLook is how often somebody who waits for such a place looks whether there still is one.
	leavingLook = 50 * time.Millisecond
)

// takeAny takes a place at the first of the providers that has one, and waits for the first that comes free for as
// long as patience lasts; negative: as long as ctx does. Where a place is about to come free for it, it waits for that as
// well. It returns nil where there was none.
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
	if s := w.await(ctx, among, patience); s != nil {
		return s
	}
	if w.over.Swap(true) {
		return <-w.found // it came at the last moment
	}
	return nil
}

// await waits for a place, as long as patience lasts.
func (w *seeker) await(ctx context.Context, among []*slots, patience time.Duration) *slots {
	var enough <-chan time.Time
	began := time.Now()
	if patience > 0 {
		timer := time.NewTimer(patience)
		defer timer.Stop()
		enough = timer.C
	}
	for {
		select {
		case s := <-w.found:
			return s
		case <-ctx.Done():
			return nil
		case <-enough:
		}
		left := leavingPatience - time.Since(began)
		if left <= 0 || !slices.ContainsFunc(among, func(s *slots) bool { return s.willServe(w) }) {
			return nil
		}
		enough = time.After(min(left, leavingLook))
	}
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

// leave notes that the vendor is about to let go of a stream: gone must follow.
func (s *slots) leave() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.leaving++
}

// gone gives the place of a stream back that was leaving.
func (s *slots) gone(tenant string) {
	s.mu.Lock()
	s.leaving--
	s.mu.Unlock()
	s.give(tenant)
}

// willServe reports whether so many places are about to come free that one is for the seeker, if all who wait are served in
// the order of their coming.
func (s *slots) willServe(w *seeker) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := slices.Index(s.waiting, w)
	return i >= 0 && i < s.leaving
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
