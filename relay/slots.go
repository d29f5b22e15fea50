package relay

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"voicerelay/upstream"
)

// slots bounds the attempts at one provider: an account speaks so many streams at once. It is the one count of them: an
// adapter refuses none. A place is taken until the vendor has let go of the stream, which may be after its attempt has
// ended, or until its text pauses and somebody waits (pause.go). A place that comes free goes to the tenant that has fewest,
// and within a tenant to whoever waits longest.
type slots struct {
	mu      sync.Mutex // guards what follows
	most    int        // 0: no bound
	share   int        // of them, that one tenant may have; 0: all
	taken   int
	leaving int            // of these, those that the vendor is about to let go of
	held    map[string]int // by tenant
	waiting []*seeker
	offered []*holder // whose text pauses, longest first, and who have not been asked
	asking  int       // holders that have been asked for their place and have not answered
}

// seeker waits for a place at any of several providers.
type seeker struct {
	tenant string
	over   atomic.Bool // it has a place, or has given up: whoever sets it decides which
	found  chan *slots // holds the place once it is there
}

// newSlots has room for the given number, 0: no bound, of which one tenant may have a share; 0: all.
func newSlots(most, share int) *slots {
	return &slots{most: most, share: share, held: make(map[string]int)}
}

const (
	// leavingPatience is how long a place that is about to come free is waited for in all: as long as a stream can take to
	// leave its vendor (upstream.Lingerer).
	leavingPatience = upstream.MostGone
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
	if !s.roomLocked(w.tenant) {
		if wait {
			s.waiting = append(s.waiting, w)
			s.askLocked(len(s.waiting))
		} else {
			s.askLocked(1) // it may come again
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

// leave notes that the vendor is about to let go of a holder's stream: gone must follow.
func (s *slots) leave(h *holder) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.unofferLocked(h)
	h.leaving = true
	s.leaving++
}

// offer notes that a holder's text pauses. It reports whether somebody wants its place, so that it is to be given back.
func (s *slots) offer(h *holder, now time.Time) (wanted bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if h.since.IsZero() && !h.leaving {
		h.since = now
		s.offered = append(s.offered, h)
		s.askLocked(len(s.waiting))
	}
	return h.asked
}

// withdraw notes that a holder's text goes on. Where its place was wanted, another holder is asked.
func (s *slots) withdraw(h *holder) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if h.since.IsZero() {
		return
	}
	s.unofferLocked(h)
	s.askLocked(len(s.waiting))
}

func (s *slots) unofferLocked(h *holder) {
	if h.asked {
		s.asking--
	}
	s.offered = slices.DeleteFunc(s.offered, func(other *holder) bool { return other == h })
	h.since, h.asked = time.Time{}, false
}

// askLocked asks holders whose text pauses for so many places, less those that are about to come free: first the tenant
// that has most, and of one tenant whose text has paused for longest.
func (s *slots) askLocked(wanted int) {
	for wanted > s.leaving+s.asking && len(s.offered) > 0 {
		most := 0
		for i, h := range s.offered {
			if s.held[h.tenant] > s.held[s.offered[most].tenant] {
				most = i
			}
		}
		h := s.offered[most]
		s.offered = slices.Delete(s.offered, most, most+1)
		h.asked = true
		s.asking++
		h.wake()
	}
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

// resize has room for another number from now on, and another share of it for one tenant. Nobody loses a place.
func (s *slots) resize(most, share int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.most, s.share = most, share
	s.fillLocked()
}

// fillLocked gives what places are free to those who wait.
func (s *slots) fillLocked() {
	for {
		w := s.nextLocked()
		if w == nil {
			return
		}
		if !w.over.Swap(true) {
			s.taken++
			s.held[w.tenant]++
			w.found <- s
		}
	}
}

// roomLocked reports whether there is a place for a tenant.
func (s *slots) roomLocked(tenant string) bool {
	return (s.most == 0 || s.taken < s.most) && (s.share == 0 || s.held[tenant] < s.share)
}

// nextLocked takes out whoever is to have the next place; nil: there is none for anybody.
func (s *slots) nextLocked() *seeker {
	best := -1
	for i, w := range s.waiting {
		if s.roomLocked(w.tenant) && (best < 0 || s.held[w.tenant] < s.held[s.waiting[best].tenant]) {
			best = i
		}
	}
	if best < 0 {
		return nil
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
