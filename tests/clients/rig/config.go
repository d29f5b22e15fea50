package rig

import "maps"

// Keys that clients show. Agent is the one that programs get unless the test says otherwise; a key of the tenant other has an
// account of its own.
const (
	AgentKey = "sk-rig-agent-2b7e151628aed2a6abf7158809cf4f3c"
	OtherKey = "sk-rig-other-8d3f0c55a2be4c0f9a7d61c3e4b5f690"
	AdminKey = "sk-rig-admin-60b53a1c7fd84d2ea1ce9a5b7e0d4421"
)

// Options says what a relay and its vendors are like. The zero value is what most tests need.
type Options struct {
	// Vendors are in the order of the default route. Left out: DefaultVendors.
	Vendors []Vendor
	// Pace is seconds of audio a second of each vendor that names none; 0: as fast as it goes. To interrupt, it has to be slow.
	Pace float64
	// TLS has the relay listen for https and wss, with a certificate of `relay cert` that programs trust.
	TLS bool
	// Limits are those of the configuration. Left out: none that a test meets by accident.
	Limits map[string]any
	// Config is merged into the configuration: maps key by key, anything else in place of what is there.
	Config map[string]any
}

// patience is what a vendor is given where a test is not about its lateness; a loaded machine may take its time.
const patience = "20s"

// configOf is a relay's configuration: the route default over all vendors that stand in it, in their order, and a route of each
// vendor by its name; the voices narrator and actor, which every vendor has; three keys of two tenants.
func configOf(o Options, vendors map[string]*RunningVendor) map[string]any {
	providers, routes, targets := map[string]any{}, map[string]any{}, []any{}
	narrator, actor := map[string]any{}, map[string]any{}
	for _, v := range o.Vendors {
		known := accounts[v.Adapter]
		providers[v.Name] = map[string]any{"adapter": v.Adapter, "url": vendors[v.Name].url, "api_key": vendorKey, "max_concurrent": 0}
		target := map[string]any{"provider": v.Name}
		if known.model != "" {
			target["model"] = known.model
		}
		routes[v.Name] = route(target)
		if !v.Apart {
			targets = append(targets, target)
		}
		narrator[v.Name], actor[v.Name] = known.narrator, known.actor
	}
	routes["default"] = route(targets...)
	config := map[string]any{
		"listen":         "127.0.0.1:0",
		"shutdown_grace": "2s",
		"log":            map[string]any{"level": "debug"},
		"keys": []any{
			map[string]any{"name": "agent", "tenant": "rig", "key": AgentKey},
			map[string]any{"name": "other", "tenant": "other", "key": OtherKey},
			map[string]any{"name": "admin", "tenant": "ops", "key": AdminKey, "admin": true},
		},
		"limits": map[string]any{
			"generations_per_minute": 100_000, "cancels_per_minute": 100_000, "max_concurrent_generations": 64,
		},
		"providers": providers,
		"routes":    routes,
		"voices": map[string]any{
			"narrator": map[string]any{"language": "en", "ids": narrator},
			"actor":    map[string]any{"language": "en", "ids": actor},
		},
	}
	merge(config, map[string]any{"limits": o.Limits})
	merge(config, o.Config)
	return config
}

// route is a route whose deadlines no test meets by accident.
func route(targets ...any) map[string]any {
	return map[string]any{
		"voice": "narrator", "targets": targets, "first_audio_timeout": patience, "stall_timeout": patience, "hedge_after": "0s",
	}
}

// merge puts settings over others: maps key by key, anything else in place of what is there.
func merge(into, from map[string]any) {
	for key, value := range maps.All(from) {
		below, isMap := value.(map[string]any)
		there, wasMap := into[key].(map[string]any)
		if isMap && wasMap {
			merge(there, below)
			continue
		}
		into[key] = value
	}
}
