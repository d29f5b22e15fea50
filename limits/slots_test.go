package limits

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

// lingering is how long a stream may take to leave its vendor.
const lingering = 3 * time.Second

func take(ctx context.Context, s *Slots, patience time.Duration) bool {
	return TakeSlot(ctx, "acme", []*Slots{s}, patience) != nil
}

func TestSlotsWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := NewSlots(1, 0, lingering)
		if !take(t.Context(), s, 0) {
			t.Fatal("the only slot was not free")
		}
		began := time.Now()
		if take(t.Context(), s, time.Second) || time.Since(began) != time.Second {
			t.Errorf("a full provider: waited %v, want a second in vain", time.Since(began))
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		time.AfterFunc(30*time.Second, func() { s.Give("acme") })
		if !take(ctx, s, -1) {
			t.Error("a slot came free and was not taken")
		}
		if take(ctx, s, -1) {
			t.Error("a slot was taken that there is not")
		}
		if got := s.Queue(); got != 0 {
			t.Errorf("waiting: %d", got)
		}
	})
}

func TestNewSlotsGoToSeekers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := NewSlots(1, 0, lingering)
		take(t.Context(), s, 0)
		served := make(chan struct{}, 3)
		for range 3 {
			go func() {
				take(t.Context(), s, -1)
				served <- struct{}{}
			}()
		}
		synctest.Wait() // all of them wait
		s.Resize(3, 0)
		synctest.Wait()
		if got := len(served); got != 2 {
			t.Errorf("%d of those who wait have a slot of the two that came, want both", got)
		}
		s.Resize(2, 0)
		s.Give("acme") // of three, so that still none is free
		synctest.Wait()
		if got := len(served); got != 2 {
			t.Error("a slot was given that there is not")
		}
		s.Resize(0, 0)
		<-served
	})
}

func TestSlotsGoToTheTenantThatHasFewest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := NewSlots(2, 0, lingering)
		among := []*Slots{s}
		TakeSlot(t.Context(), "greedy", among, 0)
		TakeSlot(t.Context(), "greedy", among, 0)
		served := make(chan string, 3)
		for _, tenant := range []string{"greedy", "greedy", "modest"} {
			go func() {
				TakeSlot(t.Context(), tenant, among, -1)
				served <- tenant
			}()
			synctest.Wait() // it waits in this order
		}
		s.Give("greedy")
		if got := <-served; got != "modest" {
			t.Errorf("the first slot went to %s, want who has none", got)
		}
		s.Give("greedy")
		s.Give("modest")
		if a, b := <-served, <-served; a != "greedy" || b != "greedy" {
			t.Errorf("the others went to %s and %s", a, b)
		}
	})
}

func TestFirstFreeSlotIsTaken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		full, other := NewSlots(1, 0, lingering), NewSlots(1, 0, lingering)
		TakeSlot(t.Context(), "acme", []*Slots{full}, 0)
		TakeSlot(t.Context(), "acme", []*Slots{other}, 0)
		time.AfterFunc(time.Second, func() { other.Give("acme") })
		if got := TakeSlot(t.Context(), "acme", []*Slots{full, other}, -1); got != other {
			t.Error("waited for the wrong one")
		}
		full.Give("acme")
		if full.taken != 0 || len(full.held) != 0 || full.Queue() != 0 || other.Queue() != 0 {
			t.Errorf("left: %d taken, held %v, %d and %d waiting", full.taken, full.held, full.Queue(), other.Queue())
		}
	})
}

// Who is not the next to be served goes to the backup when its patience is over, though a slot is being left.
func TestSlotThatIsBeingLeftIsForOneSeeker(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := NewSlots(1, 0, lingering)
		s.Take("acme")
		s.Leave(NewHolder("acme", nil))
		time.AfterFunc(time.Second, func() { s.Gone("acme") })
		first := make(chan bool)
		go func() { first <- take(t.Context(), s, 100*time.Millisecond) }()
		synctest.Wait()
		began := time.Now()
		if take(t.Context(), s, 100*time.Millisecond) || time.Since(began) != 100*time.Millisecond {
			t.Errorf("the second waited %v, want its patience", time.Since(began))
		}
		if !<-first || time.Since(began) != time.Second {
			t.Errorf("the first has no slot after %v", time.Since(began))
		}
	})
}

func TestHoldersAreAskedInTurn(t *testing.T) {
	s := NewSlots(3, 0, lingering)
	var woken []string
	holderOf := func(name, tenant string) *Holder {
		s.Take(tenant)
		return NewHolder(tenant, func() { woken = append(woken, name) })
	}
	a1, b, a2 := holderOf("a1", "acme"), holderOf("b", "zenith"), holderOf("a2", "acme")
	for _, h := range []*Holder{b, a2, a1} {
		if s.Offer(h, time.Now()) {
			t.Error("a slot is wanted that nobody waits for")
		}
	}
	wait := func() *seeker {
		w := &seeker{tenant: "other", found: make(chan *Slots, 1)}
		s.takeOrWait(w, true)
		return w
	}
	first := wait()
	if !slices.Equal(woken, []string{"a2"}) {
		t.Fatalf("asked %v, want who has paused for longest of the tenant that has most", woken)
	}
	s.Withdraw(a2) // its text goes on
	if !slices.Equal(woken, []string{"a2", "a1"}) || !s.Offer(a1, time.Now()) {
		t.Fatalf("asked %v, want another in its stead", woken)
	}
	s.Leave(a1)
	wait()
	if !slices.Equal(woken, []string{"a2", "a1", "b"}) {
		t.Fatalf("asked %v, want one for each who waits", woken)
	}
	s.Gone("acme")
	if len(first.found) != 1 || s.leaving != 0 || s.asking != 1 {
		t.Errorf("%d slots found, %d leaving, %d asked", len(first.found), s.leaving, s.asking)
	}
}

// One tenant has no more than its share, however few the others have.
func TestTenantHasItsShareOfSlots(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := NewSlots(4, 3, lingering)
		for range 3 {
			s.Take("acme")
		}
		if take(t.Context(), s, time.Second) {
			t.Error("a tenant got more than its share")
		}
		if !s.Take("zenith") {
			t.Error("the other tenant has no slot")
		}
		served := make(chan struct{})
		go func() {
			take(t.Context(), s, -1)
			close(served)
		}()
		synctest.Wait()
		s.Give("zenith") // of no use to who waits
		synctest.Wait()
		select {
		case <-served:
			t.Error("a slot that came free went beyond the share")
		default:
		}
		s.Give("acme")
		<-served
	})
}
