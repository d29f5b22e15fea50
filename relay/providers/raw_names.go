package providers

import (
	"sync"
	"time"

	"voicerelay/billing"
	"voicerelay/routing"
)

// otherNames stands in records, and so in sums, for raw names beyond mostRawNames. No vendor calls anything so.
const otherNames = "(other)"

// mostRawNames is how many raw names of a tenant are told apart within an hour, routes and pairs of a model and a voice each:
// sums have a row for each, in the ledger and in Redis, and clients may make up any number of names. Not even a tenant
// with a voice for each of its customers speaks with so many within an hour.
const mostRawNames = 500

// RawNames bounds the names that are recorded which no configuration has. It lives as long as the process,
// whatever setups come and go: the zero value knows none. It is safe for concurrent use.
type RawNames struct {
	mu      sync.Mutex
	hour    int64                           // guarded by mu, as is what follows
	tenants map[string]map[rawName]struct{} // those that were used in that hour
}

// rawName is a raw route, or a pair of a model and a voice of which one is raw.
type rawName struct{ provider, model, voice string }

// admit reports whether a name may be told apart.
func (n *RawNames) admit(tenant string, name rawName, now time.Time) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	if hour := billing.Hour(now); hour != n.hour || n.tenants == nil {
		n.hour, n.tenants = hour, make(map[string]map[rawName]struct{})
	}
	names := n.tenants[tenant]
	if _, known := names[name]; known {
		return true
	}
	if len(names) >= mostRawNames {
		return false
	}
	if names == nil {
		names = make(map[rawName]struct{})
		n.tenants[tenant] = names
	}
	names[name] = struct{}{}
	return true
}

// Route is a route's name as it is recorded.
func (n *RawNames) Route(set *Setup, tenant, route string, now time.Time) string {
	if set.table == nil || set.table.HasRoute(route) || n.admit(tenant, rawName{provider: route}, now) {
		return route
	}
	return otherNames
}

// Target is a model and a voice as they are recorded.
func (n *RawNames) Target(set *Setup, tenant string, c routing.Candidate, now time.Time) (model, voice string) {
	if set.table == nil {
		return c.Model, c.Voice
	}
	hasModel, hasVoice := c.Model == "" || set.table.HasTarget(c.Target), set.table.HasVoiceID(c)
	if hasModel && hasVoice || n.admit(tenant, rawName{c.Provider, c.Model, c.Voice}, now) {
		return c.Model, c.Voice
	}
	model, voice = c.Model, c.Voice
	if !hasModel {
		model = otherNames
	}
	if !hasVoice {
		voice = otherNames
	}
	return model, voice
}
