package limits

import (
	"context"
	"fmt"
	"time"
)

// Budget is what its owner may spend by UTC day and month, in millionths of one currency's unit. Zero is no bound.
type Budget struct {
	Currency       string
	Daily, Monthly int64
}

// Bounded reports whether there is anything to keep to.
func (b Budget) Bounded() bool { return b.Daily > 0 || b.Monthly > 0 }

// Owner is whom a budget bounds, and who is charged: a tenant, one of its keys, or a provider.
type Owner struct {
	Tenant string
	// Key is the name of the one key; empty: all that the tenant spends.
	Key string
	// Provider is set alone: all that is spent there, whoever asks for it.
	Provider string
}

// Scope is what kind of owner it is, in the protocol's words.
func (o Owner) Scope() string {
	switch {
	case o.Provider != "":
		return "provider"
	case o.Key != "":
		return "key"
	}
	return "tenant"
}

// tag keeps all that a Redis Cluster has of one owner in one slot, that of its tenant if it has one. Names have no colon.
func (o Owner) tag() string {
	if o.Provider != "" {
		return "provider:" + o.Provider
	}
	return o.Tenant
}

// Expense is a generation that is going to cost something.
type Expense struct {
	// Owner is who is charged.
	Owner Owner
	// RecordID is the relay's own id of the generation, as in its Admission.
	RecordID string
	// Budget is the owner's. One without bounds is only counted.
	Budget Budget
	// Micros is the price of what is known of it beforehand, which Open sets aside.
	Micros int64
}

// Budgets decides what tenants, keys and providers may spend. It is safe for concurrent use.
type Budgets interface {
	// Open begins a generation and sets its price aside, or refuses with a *BudgetError where that, or anything at all,
	// is not left. All that the generation costs counts to the day and the month in which it was opened, as it does in
	// reports. Any other error means that it is unknown what has been spent. Open heeds no cancelled context: what it
	// took is given back by Settle.
	Open(ctx context.Context, e Expense) (Reservation, error)
	// Balance is how an owner stands by its budget now, which need not bound anything.
	Balance(ctx context.Context, of Owner, b Budget) (Balance, error)
}

// Balance is how an owner stands in the day and the month that it is now.
type Balance struct{ Daily, Monthly PeriodBalance }

// PeriodBalance is how an owner stands in a period, in micros.
type PeriodBalance struct {
	// Most is the budget; 0: no bound.
	Most int64
	// Spent is what was spent, by all relays, and Reserved what is set aside for generations that run.
	Spent, Reserved int64
	// Anew is when the period is over.
	Anew time.Time
}

// Left is what may still be spent, where there is a bound.
func (p PeriodBalance) Left() int64 { return max(p.Most-p.Spent-p.Reserved, 0) }

// Reservation is what one generation may spend. It is safe for concurrent use.
type Reservation interface {
	// Reserve sets aside that much more (micros, at least 0) before it is spent, or refuses with a *BudgetError
	// where it is not left; then what was reserved before stays so.
	Reserve(ctx context.Context, micros int64) error
	// Extend sets aside that much more though it may not be left, since it is being spent.
	Extend(ctx context.Context, micros int64)
	// Settle books what was spent in place of all that was reserved. Only the first call counts.
	Settle(ctx context.Context, spent Spent) error
}

// Spent is what was spent of each currency, in micros.
type Spent map[string]int64

// Period is what a budget is for.
type Period string

// The periods of a budget.
const (
	Daily   Period = "day"
	Monthly Period = "month"
)

// BudgetError refuses to spend more than a budget has left.
type BudgetError struct {
	Owner    Owner
	Period   Period
	Currency string
	// Most is the budget of the period, and Left what may still be spent of it, or of the other period's where that is
	// less, in micros.
	Most, Left int64
	// Anew is when the period is over, and RetryAfter how long that is.
	Anew       time.Time
	RetryAfter time.Duration
}

func (e *BudgetError) Error() string {
	return fmt.Sprintf("the %s's budget for the %s is spent", e.Owner.Scope(), e.Period)
}

// budgetError refuses an expense of a day for want of what a period has left.
func budgetError(of Expense, p Period, day string, left int64, now time.Time) *BudgetError {
	b := of.Budget
	e := &BudgetError{Owner: of.Owner, Period: p, Currency: b.Currency, Most: b.Daily, Left: max(left, 0), Anew: dayAfter(day)}
	if p == Monthly {
		e.Most, e.Anew = b.Monthly, monthAfter(day)
	}
	e.RetryAfter = max(e.Anew.Sub(now).Truncate(time.Millisecond), time.Millisecond)
	return e
}

// Earlier is what an owner has spent in a currency (micros) from a time until now, as records tell that outlast
// the process.
type Earlier func(ctx context.Context, of Owner, currency string, from time.Time) (int64, error)

// day is the UTC day of a time, such as 2026-10-05.
func day(now time.Time) string { return now.UTC().Format(time.DateOnly) }

// month is the month of a day, such as 2026-10. What is no day has itself.
func month(day string) string { return day[:min(len(day), len("2026-10"))] }

// dayAfter is when a day is over, and monthAfter when its month is; zero for what is no day.
func dayAfter(day string) time.Time {
	start, err := time.Parse(time.DateOnly, day)
	if err != nil {
		return time.Time{}
	}
	return start.AddDate(0, 0, 1)
}

func monthAfter(day string) time.Time {
	start, err := time.Parse(time.DateOnly, month(day)+"-01")
	if err != nil {
		return time.Time{}
	}
	return start.AddDate(0, 1, 0)
}
