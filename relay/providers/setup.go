package providers

import (
	"slices"

	"voicerelay/access"
	"voicerelay/billing"
	"voicerelay/limits"
	"voicerelay/routing"
	"voicerelay/upstream"
)

// Config is what generations may be spoken by.
type Config struct {
	Table *routing.Table
	// Providers are in the order of the configuration. The caller closes them once no generation uses the setup.
	Providers []*Provider
	Circuit   routing.CircuitConfig
	Prices    *billing.PriceList
	// Spent reports whether nothing is left of a provider's budget; nil: no provider has one.
	Spent func(provider string) bool
}

// Setup is what generations are spoken by. It is replaced as a whole, and never changes itself: what was begun under one
// ends under it.
type Setup struct {
	// Static after New.
	table     *routing.Table
	providers map[string]*Provider
	order     []*Provider // as configured
	prices    *billing.PriceList
	circuit   routing.CircuitConfig
	circuits  map[string]*routing.Circuits // by provider
	spent     func(provider string) bool
}

// New is a setup in which no circuit is open. changed is told of each one that opens or closes.
func New(cfg Config, changed func(routing.Target, routing.State)) *Setup {
	set := &Setup{
		table:     cfg.Table,
		providers: make(map[string]*Provider),
		order:     cfg.Providers,
		prices:    cfg.Prices,
		circuit:   cfg.Circuit,
		circuits:  make(map[string]*routing.Circuits),
		spent:     cfg.Spent,
	}
	if set.spent == nil {
		set.spent = func(string) bool { return false }
	}
	for _, p := range cfg.Providers {
		if p.slots == nil {
			p.slots = limits.NewSlots(p.places(), 0, upstream.MostGone)
		}
		set.providers[p.Name] = p
		set.circuits[p.Name] = routing.NewCircuits(cfg.Circuit, changed)
	}
	return set
}

// Providers are in the order of the configuration.
func (set *Setup) Providers() []*Provider { return set.order }

// Provider is the one of a name; nil: there is none.
func (set *Setup) Provider(name string) *Provider { return set.providers[name] }

// Table has the routes and voices.
func (set *Setup) Table() *routing.Table { return set.table }

// Prices are what providers charge.
func (set *Setup) Prices() *billing.PriceList { return set.prices }

// Inherit takes over from the former setup what is known of providers that stay as they are. Where one is opened anew,
// its places stay: those whom the former still speaks for count as before, since the account is likely the same.
func (set *Setup) Inherit(former *Setup) {
	for name, p := range set.providers {
		before := former.providers[name]
		switch {
		case before == p && set.circuit == former.circuit:
			set.circuits[name] = former.circuits[name]
		case before != nil && before != p:
			p.slots = before.slots
		}
	}
}

// Bound has each provider take as many streams as the setup says from now on. several tells that keys are of several tenants.
func (set *Setup) Bound(several bool) {
	for _, p := range set.providers {
		p.slots.Resize(p.places(), p.share(several))
	}
}

// TargetsOf are a provider's targets over all routes, each once.
func (set *Setup) TargetsOf(provider string) []routing.Target {
	var targets []routing.Target
	if set.table == nil {
		return nil
	}
	for _, t := range set.table.Targets() {
		if t.Provider == provider {
			targets = append(targets, t)
		}
	}
	return targets
}

// CircuitOf is how a provider stands: as its worst target.
func (set *Setup) CircuitOf(provider string) routing.State {
	worst := routing.Closed
	for _, t := range set.TargetsOf(provider) {
		switch set.State(t) {
		case routing.Open:
			return routing.Open
		case routing.HalfOpen:
			worst = routing.HalfOpen
		}
	}
	return worst
}

// Spent reports whether nothing is left of a provider's budget, so that it is passed over.
func (set *Setup) Spent(provider string) bool { return set.spent(provider) }

// State is how a target's circuit stands.
func (set *Setup) State(t routing.Target) routing.State { return set.circuits[t.Provider].State(t) }

// Standing is how a target's circuit stands, and since when.
func (set *Setup) Standing(t routing.Target) routing.Standing {
	return set.circuits[t.Provider].Standing(t)
}

// Resting says why a candidate is to be left alone now; empty: it is not.
func (set *Setup) Resting(c routing.Candidate) routing.Why {
	if set.spent(c.Provider) {
		return routing.BudgetSpent
	}
	return set.Tripped(c)
}

// Tripped is Resting for a provider that may spend whatever its budget says.
func (set *Setup) Tripped(c routing.Candidate) routing.Why {
	return set.circuits[c.Provider].Resting(c)
}

// Allow asks the circuits whether an attempt may be made; nil: it may not.
func (set *Setup) Allow(t routing.Trial) *routing.Verdict {
	return set.circuits[t.Provider].Allow(t)
}

// Slots are the places at a provider.
func (set *Setup) Slots(provider string) *limits.Slots { return set.providers[provider].slots }

// AllOpen reports whether every candidate is to be left alone, and why each is passed over then.
func (set *Setup) AllOpen(plan *routing.Plan) (passedOver []routing.Omission, all bool) {
	for _, c := range plan.Candidates {
		why := set.Resting(c)
		if why == "" {
			return nil, false
		}
		passedOver = append(passedOver, routing.Omission{Target: c.Target, Why: why})
	}
	return slices.Concat(plan.PassedOver, passedOver), true
}

// Affordable leaves out targets whose price is unknown, or in another currency, for a tenant with a budget.
func (set *Setup) Affordable(plan *routing.Plan, key *access.Key) *routing.Plan {
	if !key.Bounded() || key.AllowUnpriced {
		return plan
	}
	rest := *plan
	rest.PassedOver = slices.Clone(plan.PassedOver)
	rest.Candidates = slices.DeleteFunc(slices.Clone(plan.Candidates), func(c routing.Candidate) bool {
		why := routing.Excluded(set.prices.Currency(c.Provider, c.Model), key.Currency())
		if why != "" {
			rest.PassedOver = append(rest.PassedOver, routing.Omission{Target: c.Target, Why: why})
		}
		return why != ""
	})
	return &rest
}
