package routing

import (
	"errors"
	"fmt"
)

// Why says why a target of a route is passed over for a generation, in the protocol's words.
type Why string

// The reasons there are. The first four hold as long as the configuration does, the others pass.
const (
	NoVoice     Why = "no_voice"     // the voice has no id at the target
	Language    Why = "language"     // the provider does not speak the language
	Currency    Why = "currency"     // its price is in another currency than the tenant's or the key's budget
	Unpriced    Why = "unpriced"     // its price is unknown, and the tenant or the key has a budget
	CircuitOpen Why = "circuit_open" // it has failed too often lately
	Throttled   Why = "throttled"    // its vendor said that it is asked too much
	BudgetSpent Why = "budget_spent" // what may be spent there is spent
)

// Omission is a target that is passed over.
type Omission struct {
	Target
	Why Why
}

// Excluded says why a tenant's budget excludes a target whose price is in the given currency, or unknown where that is
// empty; empty: it does not.
func Excluded(priced, budget string) Why {
	switch priced {
	case budget:
		return ""
	case "":
		return Unpriced
	}
	return Currency
}

// ErrNoTarget says that the names of a query are known, but that no target of the route can speak with the voice, or as asked.
var ErrNoTarget = errors.New("no target fits")

// NoTargetError says that the names of a query are known, but that no target of the route can speak with the voice, or as
// asked. It is an ErrNoTarget.
type NoTargetError struct {
	Route, Voice string
	// PassedOver are all targets of the route.
	PassedOver []Omission
}

func (e *NoTargetError) Error() string {
	for _, o := range e.PassedOver {
		if o.Why != NoVoice {
			return fmt.Sprintf("%v: route %q has no target that can speak as asked", ErrNoTarget, e.Route)
		}
	}
	return fmt.Sprintf("%v: route %q has no target for voice %q", ErrNoTarget, e.Route, e.Voice)
}

// Is reports whether target is ErrNoTarget.
func (e *NoTargetError) Is(target error) bool { return target == ErrNoTarget }
