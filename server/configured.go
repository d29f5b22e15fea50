package server

import (
	"cmp"
	"crypto/subtle"
	"net/netip"
	"slices"
	"sync/atomic"
	"time"

	"github.com/voicerelay/voicerelay/client/protocol"

	"voicerelay/access"
	"voicerelay/audio/codec"
	"voicerelay/downstream"
	"voicerelay/limits"
	"voicerelay/relay"
	"voicerelay/relay/metrics"
	"voicerelay/relay/providers"
)

// setup is the part of the configuration that may change while the relay runs. It is replaced as a whole, and never
// changes itself: what was begun under one ends under it.
type setup struct {
	// Static after newSetup.
	*providers.Setup
	keys           []access.Key // none: clients on this machine, as local
	local          access.Key
	hosts, origins []string
	proxies        []netip.Prefix
	quotas         map[string]*downstream.Quota // by the name of the key
	dialects       map[string]downstream.Settings
	codecs         *codec.Set
	console        bool
	uses           map[[32]byte]*keyUse // by the hash of the key
	bounded        []limits.Bounded     // all that have a budget, tenants first
	over           chan struct{}        // closed once it is replaced and without users

	users int // generations; guarded by Server.mu
}

// inherit takes over from the former setup what is known of keys and providers that stay as they are.
func (set *setup) inherit(former *setup) {
	for name, q := range former.quotas {
		if here := set.quotas[name]; here != nil && here.Limits() == q.Limits() {
			set.quotas[name] = q
		}
	}
	for hash, use := range former.uses {
		if set.uses[hash] != nil {
			set.uses[hash] = use
		}
	}
	set.Setup.Inherit(former.Setup)
}

// tenants is how many tenants the keys are of.
func (set *setup) tenants() int { return len(set.tenantNames()) }

// tenantNames are the tenants that the keys are of: without keys it is the one of this machine's programs.
func (set *setup) tenantNames() []string {
	if len(set.keys) == 0 {
		return []string{set.local.Tenant}
	}
	var names []string
	for i := range set.keys {
		names = append(names, set.keys[i].Tenant)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// keyOf is the key with a hash, or nil where there is none. Every one is compared, in constant time.
func (set *setup) keyOf(hash [32]byte) *access.Key {
	if len(set.keys) == 0 && hash == set.local.Hash {
		return &set.local
	}
	var found *access.Key
	for i := range set.keys {
		if subtle.ConstantTimeCompare(hash[:], set.keys[i].Hash[:]) == 1 {
			found = &set.keys[i]
		}
	}
	return found
}

// terms are what a client's key may do by a setup. The limits are those that the client was told; nil: the key is gone, or has
// expired.
func (set *setup) terms(of *access.Key) *relay.Terms {
	key, now := set.keyOf(of.Hash), time.Now()
	if key == nil || key.Expired(now) {
		return nil
	}
	set.use(key, now)
	own := *key
	own.Limits = of.Limits
	return &relay.Terms{Setup: set.Setup, Key: &own}
}

// expected is all that may be counted of the setup.
func (set *setup) expected() metrics.Expected {
	e := relay.Expected(set.Setup)
	e.Tenants = set.tenantNames()
	for _, code := range protocol.Codes() {
		e.Codes = append(e.Codes, string(code))
	}
	return e
}

func newQuotas(cfg Config) map[string]*downstream.Quota {
	if len(cfg.Keys) == 0 {
		return map[string]*downstream.Quota{cfg.Local.Name: downstream.NewQuota(cfg.Local.Limits)}
	}
	quotas := make(map[string]*downstream.Quota)
	for i := range cfg.Keys {
		quotas[cfg.Keys[i].Name] = downstream.NewQuota(cfg.Keys[i].Limits)
	}
	return quotas
}

// connectionBounds are how the relay's places are shared: one tenant leaves a quarter to the others, one key a tenth, and
// the last hundredth, of ten places at least, is for admin keys.
func (set *setup) connectionBounds(cfg Config) limits.ConnectionBounds {
	most, keys := cfg.MaxConnections, make(map[string]bool)
	bounds := limits.ConnectionBounds{Most: most, PerTenant: cfg.MaxConnectionsPerTenant}
	admin := false
	for i := range set.keys {
		keys[set.keys[i].Name] = true
		admin = admin || set.keys[i].Admin
	}
	if len(keys) > 1 {
		bounds.PerKey = most - most/10
	}
	if bounds.PerTenant == 0 && set.tenants() > 1 {
		bounds.PerTenant = most - most/4
	}
	if admin && most >= 10 {
		bounds.Kept = (most + 99) / 100
	}
	return bounds
}

// keyUse is when a key was used. It outlives reloads, and not the process.
type keyUse struct {
	last    atomic.Int64 // unix nanoseconds; 0: not since the start
	expired atomic.Int64 // how often it was refused since it has expired
}

func newKeyUses(cfg Config) map[[32]byte]*keyUse {
	uses := map[[32]byte]*keyUse{cfg.Local.Hash: {}}
	for i := range cfg.Keys {
		uses[cfg.Keys[i].Hash] = &keyUse{}
	}
	return uses
}

// use notes that a key of the setup is used: to connect, for a request or for a generation.
func (set *setup) use(key *access.Key, now time.Time) { set.uses[key.Hash].last.Store(now.UnixNano()) }

// boundedBy are all that have a budget: tenants and keys in alphabetical order, then providers as configured.
func boundedBy(cfg Config) []limits.Bounded {
	keys := cfg.Keys
	if len(keys) == 0 {
		keys = []access.Key{cfg.Local}
	}
	var all []limits.Bounded
	add := func(b limits.Bounded) {
		same := func(other limits.Bounded) bool { return other.Owner == b.Owner } // a key and the next one of its name
		if b.Budget.Bounded() && !slices.ContainsFunc(all, same) {
			all = append(all, b)
		}
	}
	for i := range keys {
		owner := limits.Owner{Tenant: keys[i].Tenant}
		add(limits.Bounded{Owner: owner, Budget: keys[i].Budget, AlertAt: keys[i].AlertAt})
		owner.Key = keys[i].Name
		add(limits.Bounded{Owner: owner, Budget: keys[i].OwnBudget, AlertAt: keys[i].OwnAlertAt})
	}
	slices.SortFunc(all, func(a, b limits.Bounded) int {
		return cmp.Or(cmp.Compare(a.Owner.Tenant, b.Owner.Tenant), cmp.Compare(a.Owner.Key, b.Owner.Key))
	})
	return append(all, cfg.ProviderBudgets...)
}
