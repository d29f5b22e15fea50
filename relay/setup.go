package relay

import (
	"crypto/subtle"
	"net/netip"
	"slices"
	"time"

	"voicerelay/billing"
	"voicerelay/limits"
	"voicerelay/routing"
	"voicerelay/upstream"
)

// setup is the part of the configuration that may change while the relay runs. It is replaced as a whole, and never
// changes itself: what was begun under one ends under it.
type setup struct {
	// Static after newSetup.
	keys           []Key // none: clients on this machine, as local
	local          Key
	hosts, origins []string
	proxies        []netip.Prefix
	table          *routing.Table
	providers      map[string]*Provider
	order          []*Provider // as configured
	prices         *billing.PriceList
	circuit        routing.CircuitConfig
	circuits       map[string]*routing.Circuits // by provider
	desks          map[string]*httpQuota        // by the name of the key
	uses           map[[32]byte]*keyUse         // by the hash of the key
	over           chan struct{}                // closed once it is replaced and without users

	users int // generations; guarded by Server.mu
}

// newSetup is what a configuration comes to. changed is told of circuits.
func newSetup(cfg Config, parts Parts, changed func(routing.Target, routing.State)) *setup {
	set := &setup{
		keys:      cfg.Keys,
		local:     cfg.Local,
		hosts:     cfg.Hosts,
		origins:   cfg.Origins,
		table:     parts.Table,
		providers: make(map[string]*Provider),
		order:     parts.Providers,
		prices:    parts.Prices,
		circuit:   parts.Circuit,
		circuits:  make(map[string]*routing.Circuits),
		proxies:   cfg.Proxies,
		desks:     newHTTPQuotas(cfg),
		uses:      newKeyUses(cfg),
		over:      make(chan struct{}),
	}
	for _, p := range parts.Providers {
		if p.slots == nil {
			p.slots = limits.NewSlots(p.places(), 0, upstream.MostGone)
		}
		set.providers[p.Name] = p
		set.circuits[p.Name] = routing.NewCircuits(parts.Circuit, changed)
	}
	return set
}

// inherit takes over from the former setup what is known of providers that stay as they are. Where one is opened anew,
// its places stay: those whom the former still speaks for count as before, since the account is likely the same.
func (set *setup) inherit(former *setup) {
	for name, d := range former.desks {
		if here := set.desks[name]; here != nil && here.limits == d.limits {
			set.desks[name] = d
		}
	}
	for hash, use := range former.uses {
		if set.uses[hash] != nil {
			set.uses[hash] = use
		}
	}
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

// tenants is how many tenants the keys are of.
func (set *setup) tenants() int {
	names := make(map[string]bool)
	for i := range set.keys {
		names[set.keys[i].Tenant] = true
	}
	return max(1, len(names))
}

// bound has each provider take as many streams as the setup says from now on.
func (set *setup) bound() {
	several := set.tenants() > 1
	for _, p := range set.providers {
		p.slots.Resize(p.places(), p.share(several))
	}
}

// keyOf is the key with a hash, or nil where there is none. Every one is compared, in constant time.
func (set *setup) keyOf(hash [32]byte) *Key {
	if len(set.keys) == 0 && hash == set.local.Hash {
		return &set.local
	}
	var found *Key
	for i := range set.keys {
		if subtle.ConstantTimeCompare(hash[:], set.keys[i].Hash[:]) == 1 {
			found = &set.keys[i]
		}
	}
	return found
}

// targetsOf are a provider's targets over all routes, each once.
func (set *setup) targetsOf(provider string) []routing.Target {
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

// circuitOf is how a provider stands: as its worst target.
func (set *setup) circuitOf(provider string) routing.State {
	worst := routing.Closed
	for _, t := range set.targetsOf(provider) {
		switch set.state(t) {
		case routing.Open:
			return routing.Open
		case routing.HalfOpen:
			worst = routing.HalfOpen
		}
	}
	return worst
}

// state is how a target's circuit stands.
func (set *setup) state(t routing.Target) routing.State { return set.circuits[t.Provider].State(t) }

// resting says why a candidate is to be left alone now; empty: it is not.
func (set *setup) resting(c routing.Candidate) routing.Why {
	return set.circuits[c.Provider].Resting(c)
}

// allow asks the circuits whether an attempt may be made; nil: it may not.
func (set *setup) allow(t routing.Trial) *routing.Verdict {
	return set.circuits[t.Provider].Allow(t)
}

// slots are the places at a provider.
func (set *setup) slots(provider string) *limits.Slots { return set.providers[provider].slots }

// allOpen reports whether every candidate is to be left alone, and why each is passed over then.
func (set *setup) allOpen(plan *routing.Plan) (passedOver []routing.Omission, all bool) {
	for _, c := range plan.Candidates {
		why := set.resting(c)
		if why == "" {
			return nil, false
		}
		passedOver = append(passedOver, routing.Omission{Target: c.Target, Why: why})
	}
	return slices.Concat(plan.PassedOver, passedOver), true
}

// terms are what a generation is admitted on: it keeps them to its end, whatever is configured meanwhile.
type terms struct {
	setup *setup
	key   *Key
}

// terms are what the origin's key may do by a setup. The limits are those that its client was told; nil: the key is
// gone, or has expired.
func (o *origin) terms(set *setup) *terms {
	key, now := set.keyOf(o.key.Hash), time.Now()
	if key == nil || key.Expired(now) {
		return nil
	}
	set.use(key, now)
	own := *key
	own.Limits = o.key.Limits
	return &terms{set, &own}
}
