package rig

import "maps"

// vendorKey is the account's key at every vendor.
const vendorKey = "sk-vendor-account-5e0c1a7f"

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
