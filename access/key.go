// Package access says who a client is and what it may do: its key, as the configuration gives it and the server holds it.
package access

import (
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
	// Budget is what its tenant may spend; zero: none. Targets of unknown price, or in another currency, are passed over for
	// it, unless AllowUnpriced.
	Budget        limits.Budget
	AllowUnpriced bool
}

// Expired reports whether the key is refused.
func (k *Key) Expired(now time.Time) bool { return !k.Expires.IsZero() && !now.Before(k.Expires) }

// Bounded reports whether the key's tenant has a budget.
func (k *Key) Bounded() bool { return k.Budget.Daily > 0 || k.Budget.Monthly > 0 }
