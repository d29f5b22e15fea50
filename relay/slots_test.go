package relay

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"voicerelay/upstream"
)

func TestSlotsWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSlots(1)
		if !s.take(t.Context(), 0) {
			t.Fatal("the only place was not free")
		}
		began := time.Now()
		if s.take(t.Context(), time.Second) || time.Since(began) != time.Second {
			t.Errorf("a full provider: waited %v, want a second in vain", time.Since(began))
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		time.AfterFunc(30*time.Second, s.give)
		if !s.take(ctx, -1) {
			t.Error("a place came free and was not taken")
		}
		if s.take(ctx, -1) {
			t.Error("a place was taken that there is not")
		}
		if got := s.waiting.Load(); got != 0 {
			t.Errorf("waiting: %d", got)
		}
	})
}

func TestFullProviderIsPassedOverOrWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		first, second := newFake(), newFake()
		first.pace, second.pace = 50*time.Millisecond, 50*time.Millisecond
		r := newRig(t, Config{}, []string{"alpha", "beta"}, fakes{"alpha": first, "beta": second})
		for _, p := range r.srv.order {
			p.slots = newSlots(1)
		}
		c := r.dial("")
		for i := range 3 {
			c.send(generate(fmt.Sprint("g", i), twelveWords, ""))
		}
		by := map[any]int{}
		for done := 0; done < 3; {
			switch e := c.next(); e.kind() {
			case "started":
				by[e["provider"]]++
			case "done":
				done++
				if e["reason"] != "completed" {
					t.Errorf("got %v", e)
				}
			}
		}
		if by["alpha"] != 1 || by["beta"] != 2 {
			t.Errorf("spoken by %v, want the second by the next target and the third after it", by)
		}
	})
}

func TestWaitForASlotEndsWithACancel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		f.pace = 50 * time.Millisecond
		r := newRig(t, Config{}, []string{"alpha"}, fakes{"alpha": f})
		r.srv.order[0].slots = newSlots(1)
		c := r.dial("")
		c.send(generate("g1", twelveWords, ""))
		c.until("audio")
		c.send(generate("g2", twelveWords, ""))
		c.until("accepted")
		c.send(`{"type":"cancel","generation_id":"g2"}`)
		if done, _ := c.until("done"); done["generation_id"] != "g2" || done["reason"] != "cancelled" {
			t.Errorf("got %v", done)
		}
	})
}

var _ upstream.Provider = (*fakeProvider)(nil)
