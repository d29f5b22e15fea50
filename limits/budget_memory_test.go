package limits

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func TestMemoryBudgetsKnowWhatWasSpentBefore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // begins at midnight of January 1, 2000
		time.Sleep(34 * 24 * time.Hour)
		var asked []string
		m := NewMemoryBudgets(func(_ context.Context, of Owner, currency string, from time.Time) (int64, error) {
			asked = append(asked, of.Tenant+currency+from.Format(time.RFC3339))
			if from.Day() == 1 {
				return 70, nil // of the month, today included
			}
			return 30, nil
		})
		e := Expense{Owner: Owner{Tenant: "t"}, RecordID: "1", Budget: Budget{Currency: "EUR", Daily: 100, Monthly: 100}}
		reservation, err := m.Open(t.Context(), e)
		if err != nil {
			t.Fatal(err)
		}
		if err := reservation.Reserve(t.Context(), 31); err == nil {
			t.Error("more is reserved than the month has left")
		}
		if err := reservation.Reserve(t.Context(), 30); err != nil {
			t.Errorf("Reserve = %v, want what the month has left", err)
		}
		if err := reservation.Settle(t.Context(), Spent{"EUR": 10}); err != nil {
			t.Fatal(err)
		}
		if _, err := m.Open(t.Context(), e); err != nil {
			t.Errorf("Open = %v", err)
		}
		if len(asked) != 2 {
			t.Errorf("asked for %q, want the day and the month once", asked)
		}
	})
}

func TestMemoryBudgetsDoNotGuess(t *testing.T) {
	fault := errors.New("disk on fire")
	m := NewMemoryBudgets(func(context.Context, Owner, string, time.Time) (int64, error) {
		if fault != nil {
			return 0, fault
		}
		return 9, nil
	})
	e := Expense{Owner: Owner{Tenant: "t"}, RecordID: "1", Budget: Budget{Currency: "EUR", Daily: 10}}
	if _, err := m.Open(t.Context(), e); !errors.Is(err, fault) {
		t.Fatalf("Open = %v, want the fault", err)
	}
	fault = nil
	reservation, err := m.Open(t.Context(), e)
	if err != nil {
		t.Fatal(err)
	}
	if err := reservation.Reserve(t.Context(), 2); err == nil {
		t.Error("after the fault nothing counts as spent before")
	}
}

// Of two that look up at once what was spent before, the slower one may find what the faster one has spent since.
func TestMemoryBudgetsCountNothingTwice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var recorded atomic.Int64
		slow := make(chan struct{})
		m := NewMemoryBudgets(func(ctx context.Context, _ Owner, _ string, _ time.Time) (int64, error) {
			if ctx.Value(slow) != nil {
				<-slow
			}
			return recorded.Load(), nil
		})
		open := func(ctx context.Context) Reservation {
			reservation, err := m.Open(ctx, Expense{Owner: Owner{Tenant: "t"}, Budget: Budget{Currency: "EUR", Daily: 10}})
			if err != nil {
				t.Fatal(err)
			}
			return reservation
		}
		second := make(chan Reservation)
		go func() { second <- open(context.WithValue(t.Context(), slow, true)) }()
		synctest.Wait()
		if err := open(t.Context()).Settle(t.Context(), Spent{"EUR": 5}); err != nil {
			t.Fatal(err)
		}
		recorded.Store(5)
		close(slow)
		if err := (<-second).Reserve(t.Context(), 5); err != nil {
			t.Errorf("Reserve = %v, want what is left", err)
		}
	})
}

func TestMemoryBudgetsForgetOldPeriods(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := NewMemoryBudgets(nil)
		for range 100 {
			reservation, err := m.Open(t.Context(), Expense{Owner: Owner{Tenant: "t"}, Budget: Budget{Currency: "EUR", Daily: 10}})
			if err != nil {
				t.Fatal(err)
			}
			if err := reservation.Settle(t.Context(), Spent{"EUR": 1}); err != nil {
				t.Fatal(err)
			}
			time.Sleep(24 * time.Hour)
		}
		s := m.accounts[account{Owner{Tenant: "t"}, "EUR"}]
		if len(s.periods) > 4 || len(s.open) != 0 {
			t.Errorf("%d periods and %d reservations are remembered", len(s.periods), len(s.open))
		}
	})
}
