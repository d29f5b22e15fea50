package limits

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Slots bounds the attempts at one provider: an account speaks so many streams at once. It is the one count of them: an
// adapter refuses none. A slot is taken until the vendor has let go of the stream, which may be after its attempt has
// ended, or until its text pauses and another waits (Offer). A slot that comes free goes to the tenant that has fewest,
// and within a tenant to the seeker that has waited longest.
type Slots struct {
	lingers time.Duration // how long a stream may take to leave its vendor; static

	mu      sync.Mutex // guards what follows
	most    int        // 0: no bound
	share   int        // of them, that one tenant may have; 0: all
	taken   int
	leaving int            // of these, those that the vendor is about to let go of
	held    map[string]int // by tenant
	waiting []*seeker
	offered []*Holder // whose text pauses, longest first, and who have not been asked
	asking  int       // holders that have been asked for their slot and have not answered
}

// seeker waits for a slot at any of several providers.
type seeker struct {
	tenant string
	over   atomic.Bool // it has a slot, or has given up: what sets it first decides
	found  chan *Slots // holds the slot once it is there
}

// Holder is an attempt as its provider's slots see it. When its text pauses, and the vendor owes nothing, it offers its slot,
// and gives it back if another waits for one.
type Holder struct {
	tenant string
	wake   func() // has the attempt look whether it was asked; must not block

	// Guarded by the mu of its slots.
	since   time.Time // of its offer; zero: none
	asked   bool
	leaving bool
}

// NewHolder is one of a tenant. wake is called under a lock, and must not block.
func NewHolder(tenant string, wake func()) *Holder { return &Holder{tenant: tenant, wake: wake} }

// NewSlots has room for the given number, 0: no bound, of which one tenant may have a share; 0: all. A stream that is
// closed stays at its vendor for lingers at most: a seeker waits so long for its slot.
func NewSlots(most, share int, lingers time.Duration) *Slots {
	return &Slots{most: most, share: share, lingers: lingers, held: make(map[string]int)}
}

// leavingLook is how often a seeker that waits for a slot that is being left looks whether there still is one: 20 times a second,
// which costs little, and a caller hears no difference of 50 ms.
const leavingLook = 50 * time.Millisecond

// TakeSlot takes a slot at the first of the providers that has one, and waits for the first that comes free for as
// long as patience lasts; negative: as long as ctx does. If a slot is about to come free for it, it waits for that too. It returns nil if there was none.
func TakeSlot(ctx context.Context, tenant string, among []*Slots, patience time.Duration) *Slots {
	w := &seeker{tenant: tenant, found: make(chan *Slots, 1)}
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

// await waits for a slot, as long as patience lasts.
func (w *seeker) await(ctx context.Context, among []*Slots, patience time.Duration) *Slots {
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
		left := longestLingering(among) - time.Since(began)
		if left <= 0 || !slices.ContainsFunc(among, func(s *Slots) bool { return s.willServe(w) }) {
			return nil
		}
		enough = time.After(min(left, leavingLook))
	}
}

func longestLingering(among []*Slots) (longest time.Duration) {
	for _, s := range among {
		longest = max(longest, s.lingers)
	}
	return longest
}

// Take takes a slot if one is free.
func (s *Slots) Take(tenant string) bool {
	return s.takeOrWait(&seeker{tenant: tenant}, false)
}

// takeOrWait takes a slot if one is free, else has the seeker wait for one.
func (s *Slots) takeOrWait(w *seeker, wait bool) bool {
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
		return false // another provider's slot is on its way to it
	}
	s.taken++
	s.held[w.tenant]++
	return true
}

// Give gives a tenant's slot back, to the next seeker.
func (s *Slots) Give(tenant string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.held[tenant]--; s.held[tenant] == 0 {
		delete(s.held, tenant)
	}
	s.taken--
	s.fillLocked()
}

// Leave notes that the vendor is about to let go of a holder's stream: gone must follow.
func (s *Slots) Leave(h *Holder) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.unofferLocked(h)
	h.leaving = true
	s.leaving++
}

// Offer notes that a holder's text pauses. It reports whether another wants its slot, so that it is to be given back.
func (s *Slots) Offer(h *Holder, now time.Time) (wanted bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if h.since.IsZero() && !h.leaving {
		h.since = now
		s.offered = append(s.offered, h)
		s.askLocked(len(s.waiting))
	}
	return h.asked
}

// Withdraw notes that a holder's text goes on. If its slot was wanted, another holder is asked.
func (s *Slots) Withdraw(h *Holder) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if h.since.IsZero() {
		return
	}
	s.unofferLocked(h)
	s.askLocked(len(s.waiting))
}

func (s *Slots) unofferLocked(h *Holder) {
	if h.asked {
		s.asking--
	}
	s.offered = slices.DeleteFunc(s.offered, func(other *Holder) bool { return other == h })
	h.since, h.asked = time.Time{}, false
}

// askLocked asks holders whose text pauses for as many slots as are wanted, less those that are about to come free: first
// those of the tenant that has most, and of one tenant the one whose text has paused for longest.
func (s *Slots) askLocked(wanted int) {
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

// Gone gives the slot of a stream back that was leaving.
func (s *Slots) Gone(tenant string) {
	s.mu.Lock()
	s.leaving--
	s.mu.Unlock()
	s.Give(tenant)
}

// willServe reports whether so many slots are about to come free that one is for the seeker, if seekers are served first come, first served.
func (s *Slots) willServe(w *seeker) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := slices.Index(s.waiting, w)
	return i >= 0 && i < s.leaving
}

// Resize has room for another number from now on, and another share of it for one tenant. No holder loses its slot.
func (s *Slots) Resize(most, share int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.most, s.share = most, share
	s.fillLocked()
}

// fillLocked gives what slots are free to seekers.
func (s *Slots) fillLocked() {
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

// roomLocked reports whether there is a slot for a tenant.
func (s *Slots) roomLocked(tenant string) bool {
	return (s.most == 0 || s.taken < s.most) && (s.share == 0 || s.held[tenant] < s.share)
}

// nextLocked takes out the seeker that gets the next free slot; nil: no slot is free, or no seeker may have it.
func (s *Slots) nextLocked() *seeker {
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

func (s *Slots) forget(w *seeker) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.waiting = slices.DeleteFunc(s.waiting, func(other *seeker) bool { return other == w })
}

// Queue is how many attempts wait.
func (s *Slots) Queue() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.waiting)
}
