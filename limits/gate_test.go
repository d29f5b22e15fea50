package limits

import (
	"sync"
	"sync/atomic"
	"testing"
)

func TestGate(t *testing.T) {
	g := NewGate(2)
	first, ok := g.Acquire()
	if !ok {
		t.Fatal("the first is refused")
	}
	if _, ok := g.Acquire(); !ok {
		t.Fatal("the second is refused")
	}
	if release, ok := g.Acquire(); ok || release != nil {
		t.Fatal("a third is let in")
	}
	first()
	first() // must not give back the other's place
	if got := g.Inside(); got != 1 {
		t.Errorf("Inside() = %d, want 1", got)
	}
	if _, ok := g.Acquire(); !ok {
		t.Error("a freed place can't be taken")
	}
	if _, ok := g.Acquire(); ok {
		t.Error("more are let in than there are places")
	}
	if got := g.Most(); got != 2 {
		t.Errorf("Most() = %d, want 2", got)
	}
}

func TestGateOfAnotherSize(t *testing.T) {
	g := NewGate(2)
	first, _ := g.Acquire()
	second, _ := g.Acquire()
	g.Resize(1)
	first()
	if _, ok := g.Acquire(); ok {
		t.Error("one more is let in than the smaller gate has room for")
	}
	second()
	if _, ok := g.Acquire(); !ok {
		t.Error("the smaller gate lets nobody in")
	}
	g.Resize(2)
	if _, ok := g.Acquire(); !ok || g.Most() != 2 {
		t.Error("the larger gate has no room")
	}
}

func TestGateHoldsUnderLoad(t *testing.T) {
	const most = 3
	g := NewGate(most)
	var inside, highest atomic.Int64
	var group sync.WaitGroup
	for range 16 {
		group.Go(func() {
			for range 500 {
				release, ok := g.Acquire()
				if !ok {
					continue
				}
				n := inside.Add(1)
				for h := highest.Load(); n > h && !highest.CompareAndSwap(h, n); h = highest.Load() {
				}
				inside.Add(-1)
				release()
			}
		})
	}
	group.Wait()
	if got := highest.Load(); got > most {
		t.Errorf("%d were inside at once, want at most %d", got, most)
	}
	if got := g.Inside(); got != 0 {
		t.Errorf("Inside() = %d at the end, want 0", got)
	}
}
