package limits

import (
	"context"
	"fmt"
	"time"
)

// Budget is what a tenant may spend by UTC day and month, in millionths of one currency's unit. Zero is no bound.
type Budget struct {
	Currency       string
	Daily, Monthly int64
}

// bounded reports whether there is anything to keep to.
func (b Budget) bounded() bool { return b.Daily > 0 || b.Monthly > 0 }

// Expense is a generation that is going to cost something.
type Expense struct {
	Tenant string
	// RecordID is the relay's own id of the generation, as in its Admission.
	RecordID string
	// Budget is the tenant's.
	Budget Budget
}

// Budgets decides what tenants may spend. It is safe for concurrent use.
type Budgets interface {
	// Open begins a generation, and refuses with a *BudgetError where nothing is left. All that the generation
	// costs counts to the day and the month in which it was opened, as it does in reports. Any other error
	// means that it is unknown what has been spent.
	Open(ctx context.Context, e Expense) (Purse, error)
}

// Purse is what one generation may spend. It is safe for concurrent use.
type Purse interface {
	// Reserve sets aside that much more (micros, at least 0) before it is spent, or refuses with a *BudgetError
	// where it is not left; then what was reserved before stays so.
	Reserve(ctx context.Context, micros int64) error
	// Settle books what was spent (micros) in place of all that was reserved. Only the first call counts.
	Settle(ctx context.Context, micros int64) error
}

// Period is what a budget is for.
type Period string

// The periods of a budget.
const (
	Daily   Period = "day"
	Monthly Period = "month"
)

// BudgetError refuses to spend more than a budget has left.
type BudgetError struct{ Period Period }

func (e *BudgetError) Error() string {
	return fmt.Sprintf("the tenant's budget for the %s is spent", e.Period)
}

// Earlier is what a tenant has spent in a currency (micros) from a time until now, as records tell that outlast
// the process.
type Earlier func(ctx context.Context, tenant, currency string, from time.Time) (int64, error)

// day is the UTC day of a time, such as 2026-10-05.
func day(now time.Time) string { return now.UTC().Format(time.DateOnly) }

// month is the month of a day, such as 2026-10.
func month(day string) string { return day[:len("2026-10")] }

// unbounded is the Purse of a tenant without a budget.
type unbounded struct{}

func (unbounded) Reserve(context.Context, int64) error { return nil }
func (unbounded) Settle(context.Context, int64) error  { return nil }
