package limitstest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"voicerelay/limits"
)

// BudgetFixture is budgets of which nothing is spent, and their clock.
type BudgetFixture struct {
	Budgets limits.Budgets
	// Now is the time by which budgets are counted, and Advance lets it pass.
	Now     func() time.Time
	Advance func(d time.Duration)
}

// expense is what tests ask for: ten micros a day.
func expense(id string) limits.Expense {
	return limits.Expense{
		Owner: limits.Owner{Tenant: "acme"}, RecordID: "rec-" + id, Budget: limits.Budget{Currency: "EUR", Daily: 10},
	}
}

func open(t *testing.T, f BudgetFixture, e limits.Expense) limits.Reservation {
	t.Helper()
	reservation, err := f.Budgets.Open(t.Context(), e)
	if err != nil {
		t.Fatalf("Open(%s) = %v, want a reservation", e.RecordID, err)
	}
	return reservation
}

func reserve(t *testing.T, p limits.Reservation, micros int64) {
	t.Helper()
	if err := p.Reserve(t.Context(), micros); err != nil {
		t.Fatalf("Reserve(%d) = %v", micros, err)
	}
}

func spend(t *testing.T, p limits.Reservation, micros int64) {
	t.Helper()
	if err := p.Settle(t.Context(), limits.Spent{"EUR": micros}); err != nil {
		t.Fatalf("Settle(%d) = %v", micros, err)
	}
}

func wantSpent(t *testing.T, err error, period limits.Period) {
	t.Helper()
	var refusal *limits.BudgetError
	if !errors.As(err, &refusal) || refusal.Period != period {
		t.Fatalf("got %v, want the budget for the %s to be spent", err, period)
	}
}

// wantLeft says that exactly so much can be reserved today.
func wantLeft(t *testing.T, f BudgetFixture, micros int64) {
	t.Helper()
	if micros == 0 {
		_, err := f.Budgets.Open(t.Context(), expense("left"))
		wantSpent(t, err, limits.Daily)
		return
	}
	p := open(t, f, expense("left"))
	wantSpent(t, p.Reserve(t.Context(), micros+1), limits.Daily)
	reserve(t, p, micros)
	spend(t, p, 0)
}

func reservedIsTaken(t *testing.T, f BudgetFixture) {
	p := open(t, f, expense("1"))
	reserve(t, p, 4)
	wantLeft(t, f, 6)
	reserve(t, p, 5)
	wantLeft(t, f, 1)
	reserve(t, p, 0)
	wantLeft(t, f, 1)
}

func unspentComesBack(t *testing.T, f BudgetFixture) {
	p := open(t, f, expense("1"))
	reserve(t, p, 8)
	spend(t, p, 3)
	wantLeft(t, f, 7)
	spend(t, open(t, f, expense("2")), 0)
	wantLeft(t, f, 7)
}

func overspentCounts(t *testing.T, f BudgetFixture) {
	p := open(t, f, expense("1"))
	reserve(t, p, 2)
	spend(t, p, 9)
	wantLeft(t, f, 1)
}

func budgetRefusalTakesNothing(t *testing.T, f BudgetFixture) {
	p := open(t, f, expense("1"))
	reserve(t, p, 4)
	for range 3 {
		wantSpent(t, p.Reserve(t.Context(), 7), limits.Daily)
	}
	wantLeft(t, f, 6)
	reserve(t, p, 6)
}

func nothingLeft(t *testing.T, f BudgetFixture) {
	p := open(t, f, expense("1"))
	reserve(t, p, 10)
	wantLeft(t, f, 0)
	reserve(t, p, 0) // nothing more is always left
	spend(t, p, 9)
	wantLeft(t, f, 1)
	spend(t, open(t, f, expense("2")), 1)
	wantLeft(t, f, 0)
}

func settledOnce(t *testing.T, f BudgetFixture) {
	p := open(t, f, expense("1"))
	reserve(t, p, 5)
	spend(t, p, 5)
	spend(t, p, 5)
	wantLeft(t, f, 5)
}

// toMidMonth goes to noon of the tenth of the next month, so that a day can pass within a month.
func toMidMonth(f BudgetFixture) {
	now := f.Now().UTC()
	f.Advance(time.Date(now.Year(), now.Month()+1, 10, 12, 0, 0, 0, time.UTC).Sub(now))
}

func newDay(t *testing.T, f BudgetFixture) {
	toMidMonth(f)
	monthly := func(id string) limits.Expense {
		e := expense(id)
		e.Budget.Monthly = 15
		return e
	}
	p := open(t, f, monthly("1"))
	reserve(t, p, 10)
	spend(t, p, 10)
	wantLeft(t, f, 0)
	f.Advance(24 * time.Hour)
	p = open(t, f, monthly("2"))
	wantSpent(t, p.Reserve(t.Context(), 6), limits.Monthly)
	reserve(t, p, 5)
	spend(t, p, 5)
	_, err := f.Budgets.Open(t.Context(), monthly("3"))
	wantSpent(t, err, limits.Monthly)
	f.Advance(30 * 24 * time.Hour)
	reserve(t, open(t, f, monthly("4")), 10)
}

func countsToItsDay(t *testing.T, f BudgetFixture) {
	toMidMonth(f)
	p := open(t, f, expense("1"))
	reserve(t, p, 6)
	f.Advance(12*time.Hour + time.Minute)
	wantSpent(t, p.Reserve(t.Context(), 5), limits.Daily) // yesterday's has four left
	wantLeft(t, f, 10)
	spend(t, p, 6)
	wantLeft(t, f, 10)
}

func budgetsApart(t *testing.T, f BudgetFixture) {
	reserve(t, open(t, f, expense("1")), 10)
	dollars := expense("2")
	dollars.Budget.Currency = "USD"
	reserve(t, open(t, f, dollars), 10)
	other := expense("3")
	other.Owner.Tenant = "other"
	reserve(t, open(t, f, other), 10)
}

func withoutBudget(t *testing.T, f BudgetFixture) {
	p := open(t, f, limits.Expense{Owner: limits.Owner{Tenant: "acme"}, RecordID: "rec-1"})
	reserve(t, p, 1_000_000_000)
	p.Extend(t.Context(), 1_000_000_000)
	wantLeft(t, f, 10) // nothing is set aside
	spend(t, p, 4)
	wantLeft(t, f, 6)
	monthly := expense("2")
	monthly.Budget = limits.Budget{Currency: "EUR", Monthly: 4}
	_, err := f.Budgets.Open(t.Context(), monthly)
	wantSpent(t, err, limits.Monthly)
}

// priced is an expense whose price is known beforehand.
func priced(id string, micros int64) limits.Expense {
	e := expense(id)
	e.Micros = micros
	return e
}

func priceIsWhole(t *testing.T, f BudgetFixture) {
	p := open(t, f, priced("1", 6))
	wantLeft(t, f, 4)
	_, err := f.Budgets.Open(t.Context(), priced("2", 5))
	wantSpent(t, err, limits.Daily)
	wantLeft(t, f, 4)
	reserve(t, p, 4)
	wantLeft(t, f, 0)
	spend(t, p, 6)
	spend(t, open(t, f, priced("3", 4)), 4)
	wantLeft(t, f, 0)
}

func manyPrices(t *testing.T, f BudgetFixture) {
	const many = 40
	var opened atomic.Int64
	var group sync.WaitGroup
	for i := range many {
		group.Go(func() {
			p, err := f.Budgets.Open(context.Background(), priced(fmt.Sprint(i), 1))
			if err != nil {
				return
			}
			opened.Add(1)
			if err := p.Settle(context.Background(), limits.Spent{"EUR": 1}); err != nil {
				t.Errorf("Settle = %v", err)
			}
		})
	}
	group.Wait()
	if got := opened.Load(); got != 10 {
		t.Errorf("%d of %d were opened at one each, want 10", got, many)
	}
	wantLeft(t, f, 0)
}

func refusalTellsLeft(t *testing.T, f BudgetFixture) {
	toMidMonth(f)
	e := priced("1", 7)
	e.Budget.Monthly = 20
	p := open(t, f, e)
	today := f.Now().UTC().Truncate(24 * time.Hour)
	var daily, monthly *limits.BudgetError
	if err := p.Reserve(t.Context(), 4); !errors.As(err, &daily) {
		t.Fatalf("Reserve = %v", err)
	}
	if daily.Left != 3 || daily.Most != 10 || daily.Currency != "EUR" || !daily.Anew.Equal(today.AddDate(0, 0, 1)) {
		t.Errorf("of the day: %+v", daily)
	}
	wait := daily.Anew.Sub(f.Now())
	if off := daily.RetryAfter - wait; off < -time.Minute || off > time.Minute || daily.RetryAfter%time.Millisecond != 0 {
		t.Errorf("RetryAfter = %s, want the %s until the day is over", daily.RetryAfter, wait)
	}
	e.Micros, e.RecordID, e.Budget.Monthly = 3, "rec-2", 8
	if _, err := f.Budgets.Open(t.Context(), e); !errors.As(err, &monthly) {
		t.Fatalf("Open = %v", err)
	}
	if first := today.AddDate(0, 0, 1-today.Day()); monthly.Left != 1 || monthly.Most != 8 || !monthly.Anew.Equal(first.AddDate(0, 1, 0)) {
		t.Errorf("of the month: %+v", monthly)
	}
}

func extendedPasses(t *testing.T, f BudgetFixture) {
	p := open(t, f, priced("1", 8))
	p.Extend(t.Context(), 5)
	wantLeft(t, f, 0)
	spend(t, p, 9)
	wantLeft(t, f, 1)
}

func priceAskedAgain(t *testing.T, f BudgetFixture) {
	if _, inProcess := f.Budgets.(*limits.MemoryBudgets); inProcess {
		t.Skip("nobody asks a function again")
	}
	open(t, f, priced("1", 10))
	open(t, f, priced("1", 10))
	wantLeft(t, f, 0)
}

func otherCurrencyCounts(t *testing.T, f BudgetFixture) {
	p := open(t, f, priced("1", 2))
	if err := p.Settle(t.Context(), limits.Spent{"EUR": 2, "USD": 7}); err != nil {
		t.Fatal(err)
	}
	wantLeft(t, f, 8)
	dollars := expense("2")
	dollars.Budget.Currency = "USD"
	q := open(t, f, dollars)
	wantSpent(t, q.Reserve(t.Context(), 4), limits.Daily)
	reserve(t, q, 3)
}

func cancelledOpens(t *testing.T, f BudgetFixture) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	p, err := f.Budgets.Open(ctx, priced("1", 4))
	if err != nil {
		t.Fatalf("Open = %v, want a reservation whatever becomes of who asks", err)
	}
	wantLeft(t, f, 6)
	if err := p.Settle(ctx, nil); err != nil {
		t.Fatal(err)
	}
	wantLeft(t, f, 10)
}

func renewedHolds(t *testing.T, f BudgetFixture) {
	toMidMonth(f)
	p := open(t, f, expense("1"))
	reserve(t, p, 7)
	f.Advance(6 * time.Hour)
	wantLeft(t, f, 3)
	spend(t, p, 1)
	wantLeft(t, f, 9)
}

func manySpend(t *testing.T, f BudgetFixture) {
	const many = 50
	var reserved atomic.Int64
	var group sync.WaitGroup
	for i := range many {
		group.Go(func() {
			p, err := f.Budgets.Open(context.Background(), expense(fmt.Sprint(i)))
			if err == nil {
				err = p.Reserve(context.Background(), 1)
			}
			var refusal *limits.BudgetError
			switch {
			case err == nil:
				reserved.Add(1)
			case !errors.As(err, &refusal):
				t.Errorf("got %v, want a *BudgetError", err)
			}
		})
	}
	group.Wait()
	if got := reserved.Load(); got != 10 {
		t.Errorf("%d of %d reserved one each, want 10", got, many)
	}
}

func balanceTells(t *testing.T, f BudgetFixture) {
	budget := limits.Budget{Currency: "EUR", Daily: 10, Monthly: 100}
	want := func(spent, reserved int64) {
		t.Helper()
		b, err := f.Budgets.Balance(t.Context(), limits.Owner{Tenant: "acme"}, budget)
		if err != nil {
			t.Fatal(err)
		}
		for name, p := range map[string]limits.PeriodBalance{"day": b.Daily, "month": b.Monthly} {
			if p.Spent != spent || p.Reserved != reserved || !p.Anew.After(time.Now()) {
				t.Errorf("the %s: spent %d, reserved %d, anew %v; want %d and %d", name, p.Spent, p.Reserved, p.Anew, spent, reserved)
			}
		}
		if got := b.Daily.Left(); b.Daily.Most != 10 || got != 10-spent-reserved {
			t.Errorf("%d of %d is left", got, b.Daily.Most)
		}
	}
	want(0, 0)
	e := expense("1")
	e.Budget = budget
	p := open(t, f, e)
	reserve(t, p, 4)
	want(0, 4)
	spend(t, p, 3)
	want(3, 0)
	want(3, 0) // asking takes nothing
}
