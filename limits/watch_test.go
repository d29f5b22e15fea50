package limits_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"voicerelay/limits"
)

// watching runs a watch in a bubble whose first moment is a midnight; told are the crossings that it tells.
func watching(t *testing.T, all []limits.Bounded, body func(w *limits.Watch, told func() []string)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		var told []string // owned by the watch; read while it sleeps
		w := limits.NewWatch(limits.NewMemoryBudgets(nil), func(_ context.Context, c limits.Crossing) error {
			told = append(told, c.ID())
			return nil
		})
		w.Replace(all)
		ctx, cancel := context.WithCancel(t.Context())
		over := make(chan struct{})
		go func() { defer close(over); w.Run(ctx) }()
		body(w, func() []string {
			time.Sleep(1500 * time.Millisecond)
			synctest.Wait()
			return slices.Clone(told)
		})
		cancel()
		<-over
	})
}

func spendOf(t *testing.T, w *limits.Watch, of limits.Owner, micros int64) {
	t.Helper()
	p, err := w.Budgets().Open(t.Context(), limits.Expense{Owner: of, RecordID: "r"})
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Settle(t.Context(), limits.Spent{"EUR": micros}); err != nil {
		t.Fatal(err)
	}
}

var (
	acme  = limits.Owner{Tenant: "acme"}
	bot   = limits.Owner{Tenant: "acme", Key: "bot"}
	kugel = limits.Owner{Provider: "kugel"}
)

func alerting(of limits.Owner, daily, monthly int64, at ...float64) limits.Bounded {
	b := limits.Bounded{Owner: of, Budget: limits.Budget{Currency: "EUR", Daily: daily, Monthly: monthly}}
	for _, f := range at {
		b.AlertAt = append(b.AlertAt, limits.FractionOf(f))
	}
	return b
}

func TestEachThresholdIsToldOnceAPeriod(t *testing.T) {
	watching(t, []limits.Bounded{alerting(acme, 10, 100, 0.8, 1), alerting(bot, 10, 0, 0.5)}, func(w *limits.Watch, told func() []string) {
		for _, step := range []struct {
			name  string
			do    func()
			since []string
		}{
			{"nothing is spent", func() {}, nil},
			{"less than the first", func() { spendOf(t, w, acme, 7) }, nil},
			{"the first", func() { spendOf(t, w, acme, 1) }, []string{"budget-tenant/acme/2000-01-01/EUR/10/0.8"}},
			{"more of the same", func() { spendOf(t, w, acme, 1) }, nil},
			{"all", func() { spendOf(t, w, acme, 5) }, []string{"budget-tenant/acme/2000-01-01/EUR/10/1"}},
			{"a key's own", func() { spendOf(t, w, bot, 5) }, []string{"budget-key/acme/bot/2000-01-01/EUR/10/0.5"}},
			{"another budget", func() { w.Replace([]limits.Bounded{alerting(acme, 14, 0, 1)}) }, []string{"budget-tenant/acme/2000-01-01/EUR/14/1"}},
			{"the next day", func() { time.Sleep(24 * time.Hour); spendOf(t, w, acme, 14) }, []string{"budget-tenant/acme/2000-01-02/EUR/14/1"}},
		} {
			before := len(told())
			step.do()
			if got := told()[before:]; !slices.Equal(got, step.since) {
				t.Errorf("%s: told %v, want %v", step.name, got, step.since)
			}
		}
	})
}

func TestBothThresholdsThatOneGenerationPassesAreTold(t *testing.T) {
	watching(t, []limits.Bounded{alerting(acme, 0, 10, 0.8, 1)}, func(w *limits.Watch, told func() []string) {
		spendOf(t, w, acme, 20)
		want := []string{"budget-tenant/acme/2000-01/EUR/10/0.8", "budget-tenant/acme/2000-01/EUR/10/1"}
		if got := told(); !slices.Equal(got, want) {
			t.Errorf("told %v, want %v", got, want)
		}
	})
}

func TestWhatCouldNotBeToldIsTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tries := 0
		w := limits.NewWatch(limits.NewMemoryBudgets(nil), func(context.Context, limits.Crossing) error {
			if tries++; tries < 3 {
				return errors.New("the ledger is full")
			}
			return nil
		})
		w.Replace([]limits.Bounded{alerting(acme, 10, 0, 1)})
		spendOf(t, w, acme, 10)
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		w.Run(ctx)
		if tries != 3 {
			t.Errorf("told %d times, want 3", tries)
		}
	})
}

func TestProviderWithoutBudgetLeftIsEmptyUntilItsPeriodIsOver(t *testing.T) {
	watching(t, []limits.Bounded{alerting(kugel, 10, 15)}, func(w *limits.Watch, told func() []string) {
		empty := func() bool { told(); return w.Empty(kugel) }
		if empty() {
			t.Error("empty before anything was spent")
		}
		if spendOf(t, w, kugel, 10); !empty() {
			t.Error("not empty once the day's is spent")
		}
		if time.Sleep(24 * time.Hour); empty() {
			t.Error("empty on the next day")
		}
		if spendOf(t, w, kugel, 6); !empty() {
			t.Error("not empty once the month's is spent")
		}
		if time.Sleep(24 * time.Hour); !empty() {
			t.Error("not empty on the next day of the month")
		}
		if w.Replace([]limits.Bounded{alerting(kugel, 10, 30)}); empty() {
			t.Error("empty with another budget")
		}
	})
}

func TestFractionsOfBudgets(t *testing.T) {
	for _, c := range []struct {
		at          float64
		most, spent int64
		want        bool
	}{
		{0.07, 100, 7, true},
		{0.07, 100, 6, false},
		{0.333333, 10, 3, false},
		{0.333333, 10, 4, true},
		{1, 9_000_000_000_000_000_000, 8_999_999_999_999_999_999, false},
		{1, 9_000_000_000_000_000_000, 9_000_000_000_000_000_000, true},
	} {
		watching(t, []limits.Bounded{alerting(acme, c.most, 0, c.at)}, func(w *limits.Watch, told func() []string) {
			spendOf(t, w, acme, c.spent)
			if got := len(told()) > 0; got != c.want {
				t.Errorf("%g of %d is passed by %d: %v, want %v", c.at, c.most, c.spent, got, c.want)
			}
		})
	}
}
