// Package access says who a client is and what it may do: its key, as the configuration gives it and the server holds it.
package access

import (
	"cmp"
	"crypto/sha256"
	"time"

	"voicerelay/limits"
	"voicerelay/routing"
)

// Key is a client's key with all that holds for it. The key itself is not kept.
type Key struct {
	// Name is what logs and records call it, Tenant who owns it.
	Name, Tenant string
	// Hash is the key's SHA-256.
	Hash [sha256.Size]byte
	// Next: it is the one that is to replace the other of its name.
	Next bool
	// Expires is when it begins to be refused; zero: never.
	Expires time.Time
	// Admin may see all tenants and the relay's own state.
	Admin bool
	// Allow is what it may use.
	Allow routing.Allow
	// Limits hold for each of its connections, TenantLimits for all of its tenant's together.
	Limits       limits.Config
	TenantLimits limits.Tenant
	// Strict refuses its generations while what relays share can't be reached.
	Strict bool
	// Budget is what its tenant may spend, and OwnBudget what it may itself; zero: none. Both are in one currency. Targets of
	// unknown price, or in another currency, are passed over for it, unless AllowUnpriced.
	Budget, OwnBudget limits.Budget
	AllowUnpriced     bool
	// AlertAt is how much of the tenant's budget is spent when that is told, OwnAlertAt how much of its own.
	AlertAt, OwnAlertAt []limits.Fraction
}

// Expired reports whether the key is refused.
func (k *Key) Expired(now time.Time) bool { return !k.Expires.IsZero() && !now.Before(k.Expires) }

// Bounded reports whether the key or its tenant has a budget.
func (k *Key) Bounded() bool { return k.Budget.Bounded() || k.OwnBudget.Bounded() }

// Currency is that of its budgets; empty: it has none.
func (k *Key) Currency() string { return cmp.Or(k.Budget.Currency, k.OwnBudget.Currency) }

// Expenses are whom a generation with the key is charged to: its tenant, and the key itself.
func (k *Key) Expenses(recordID string) [2]limits.Expense {
	tenant := limits.Owner{Tenant: k.Tenant}
	own := tenant
	own.Key = k.Name
	return [...]limits.Expense{
		{Owner: tenant, RecordID: recordID, Budget: k.Budget},
		{Owner: own, RecordID: recordID, Budget: k.OwnBudget},
	}
}
