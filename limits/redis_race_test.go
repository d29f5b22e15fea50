package limits

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
)

// slotsTaken is how many slots of tenant t are taken in Redis.
func slotsTaken(t *testing.T, r *Redis) int64 {
	t.Helper()
	n, err := r.link.client.ZCard(t.Context(), r.admissions.keys.admissions("t")[0]).Result()
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func admitOne(t *testing.T, r *Redis, id int) *redisGrant {
	t.Helper()
	grant, err := r.Admit(t.Context(), Admission{Tenant: "t", RecordID: fmt.Sprint(id), Window: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	return grant.(*redisGrant)
}

// A renewal that was under way when a generation ended must not take its slot again.
func TestRenewalBringsNothingBack(t *testing.T) {
	r, _ := inProcess(t, RedisConfig{})
	ended, running := admitOne(t, r, 1), admitOne(t, r, 2)
	settleGrant(t, ended, true)
	batch := []*lease{ended.lease, running.lease}
	missing, err := r.admissions.renewBatch(t.Context(), r.link.askBatch, batch, false)
	if err != nil || len(missing) != 1 || missing[0] != ended.lease {
		t.Fatalf("renewBatch = %v, %v, want the ended one missing", missing, err)
	}
	if err := r.admissions.restore(t.Context(), r.link.askBatch, missing); err != nil {
		t.Fatal(err)
	}
	if got := slotsTaken(t, r); got != 1 {
		t.Errorf("%d slots are taken, want that of the running one", got)
	}
}

// A lease that Redis had lost may end while it is being restored, and must not stay.
func TestRestoredLeaseThatEndsMeanwhileIsFreed(t *testing.T) {
	r, mini := inProcess(t, RedisConfig{})
	grants := []*redisGrant{admitOne(t, r, 1), admitOne(t, r, 2)}
	mini.FlushAll()
	ends := func(ctx context.Context, tenant string, c call) ([]any, error) {
		if c.script == r.admissions.scripts.renew && c.args[1] == flag(true) {
			settleGrant(t, grants[0], true)
		}
		return r.link.askBatch(ctx, tenant, c)
	}
	if err := r.admissions.renew(t.Context(), ends); err != nil {
		t.Fatal(err)
	}
	if got := slotsTaken(t, r); got != 1 {
		t.Errorf("%d slots are taken, want that of the running one", got)
	}
}

// A renewal that was under way when more was reserved tells of less than Redis knows.
func TestRenewalLowersNoReservation(t *testing.T) {
	r, _ := inProcess(t, RedisConfig{})
	e := Expense{Owner: Owner{Tenant: "t"}, RecordID: "1", Budget: Budget{Currency: "EUR", Daily: 10}}
	reservation, err := r.Open(t.Context(), e)
	if err != nil {
		t.Fatal(err)
	}
	reserve := func(p Reservation, micros int64) error { return p.Reserve(t.Context(), micros) }
	if err := reserve(reservation, 2); err != nil {
		t.Fatal(err)
	}
	a := account{Owner{Tenant: "t"}, "EUR"}
	early := r.budgets.local.holds()[a]
	if err := reserve(reservation, 5); err != nil {
		t.Fatal(err)
	}
	if err := r.budgets.renew(t.Context(), r.link.askBatch, a, early); err != nil {
		t.Fatal(err)
	}
	e.RecordID = "2"
	second, err := r.Open(t.Context(), e)
	if err != nil {
		t.Fatal(err)
	}
	if err := reserve(second, 4); err == nil {
		t.Error("what was reserved last is forgotten")
	}
	if err := reserve(second, 3); err != nil {
		t.Errorf("Reserve = %v, want what is left", err)
	}
}

// A renewal that was under way when a generation ended must not reserve again what it gave back.
func TestRenewalReservesNothingThatWasGivenBack(t *testing.T) {
	r, _ := inProcess(t, RedisConfig{})
	reservation, err := r.Open(t.Context(), Expense{Owner: Owner{Tenant: "t"}, RecordID: "1", Budget: Budget{Currency: "EUR", Daily: 10}})
	if err != nil {
		t.Fatal(err)
	}
	if err := reservation.Reserve(t.Context(), 2); err != nil {
		t.Fatal(err)
	}
	a := account{Owner{Tenant: "t"}, "EUR"}
	early := r.budgets.local.holds()[a]
	if err := reservation.Settle(t.Context(), Spent{"EUR": 0}); err != nil {
		t.Fatal(err)
	}
	if err := r.budgets.renew(t.Context(), r.link.askBatch, a, early); err != nil {
		t.Fatal(err)
	}
	if n := r.link.client.HLen(t.Context(), r.budgets.keys.budget(a)[1]).Val(); len(early) != 1 || n != 0 {
		t.Errorf("%d of %d reservations are left, want 0 of 1", n, len(early))
	}
}

// What a generation that ended on the way back could not tell any more is told right after.
func TestWhatEndsOnTheWayBackIsTold(t *testing.T) {
	back := make(chan struct{}, 1)
	var r *Redis
	var mini *miniredis.Miniredis
	r, mini = inProcess(t, RedisConfig{Lease: time.Hour, OnBack: func(time.Duration) {
		r.admissions.mu.Lock()
		defer r.admissions.mu.Unlock()
		delete(r.admissions.held["t"], "1")
		r.admissions.unsettled = []settlement{{admission: Admission{Tenant: "t", RecordID: "1"}}}
		back <- struct{}{}
	}})
	admitOne(t, r, 1)
	mini.SetError("LOADING as after a start")
	admitOne(t, r, 2)
	mini.SetError("")
	<-back
	deadline := time.After(10 * time.Second)
	poll := time.NewTicker(5 * time.Millisecond)
	defer poll.Stop()
	for slotsTaken(t, r) != 1 {
		select {
		case <-poll.C:
		case <-deadline:
			t.Fatal("the slot of what ended is still taken")
		}
	}
}

// What was spent is told as a sum that only grows: late and repeated news change nothing.
func TestSpendingToldLateChangesNothing(t *testing.T) {
	r, _ := inProcess(t, RedisConfig{})
	a := account{Owner{Tenant: "t"}, "EUR"}
	var stale call
	for i := range 3 {
		e := Expense{Owner: Owner{Tenant: "t"}, RecordID: fmt.Sprint(i), Budget: Budget{Currency: "EUR", Daily: 10}}
		reservation, err := r.Open(t.Context(), e)
		if err != nil {
			t.Fatal(err)
		}
		if err := reservation.Settle(t.Context(), Spent{"EUR": 2}); err != nil {
			t.Fatal(err)
		}
		if i == 0 {
			stale = r.budgets.book(a, booking{})
		}
	}
	key := r.budgets.keys.budget(a)[3] + ":" + day(time.Now())
	for range 2 {
		if _, err := r.link.ask(t.Context(), "t", stale); err != nil {
			t.Fatal(err)
		}
		if got := r.link.client.HGet(t.Context(), key, "sum").Val(); got != "6" {
			t.Errorf("sum = %s, want 6", got)
		}
		if err := r.Sync(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}
