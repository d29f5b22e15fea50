package config

import (
	"fmt"
	"net"
	"net/url"
	"slices"
	"strings"

	"voicerelay/billing"
	"voicerelay/routing"
)

// warnFutile warns of what is valid and can't do what its author hopes for. It looks at the file as it is written, also
// at providers that are left out on this machine.
func warnFutile(file *fileConfig, prices *billing.PriceList, r *remarks) {
	for _, p := range file.Providers {
		warnExposedKey(p, r)
		p.warnUncounted(file, prices, r)
	}
	for _, route := range file.Routes {
		warnPace(route, r)
		warnMissingIDs(route, file.Voices, r)
	}
	for i, p := range file.Prices {
		covers := func(t routing.Target) bool { return p.Matches(t.Provider, t.Model) }
		if !slices.ContainsFunc(file.targets(), covers) {
			r.warn(fmt.Sprintf("prices[%d]", i), "no route has this provider and model, so only clients that name them themselves pay it")
		}
	}
	for _, t := range file.Tenants {
		t.Budget.warnTargets(join("tenants", t.Name)+".budget", t.Allow.Routes, file, prices, r)
	}
	for i, k := range file.Keys {
		tenant := file.tenant(k.Tenant)
		if tenant.Budget == nil { // else it excludes the same
			k.Budget.warnTargets(fmt.Sprintf("keys[%d].budget", i), tenant.Allow.Routes, file, prices, r)
		}
	}
}

// warnExposedKey warns of a vendor's key, and of texts, that others on the way can read.
func warnExposedKey(p providerConfig, r *remarks) {
	u, err := url.Parse(p.URL)
	if err != nil || p.APIKey == nil || *p.APIKey == "" || u.Scheme != "ws" && u.Scheme != "http" {
		return
	}
	if host := u.Hostname(); host != "" && host != "localhost" && !net.ParseIP(host).IsLoopback() {
		r.warn(join("providers", p.Name)+".url", "sends the api_key and all texts unencrypted over the network: use wss where the vendor has it")
	}
}

// warnPace warns of a hedge that never comes: the attempt is given up before.
func warnPace(route routing.Route, r *remarks) {
	if route.HedgeAfter > 0 && route.HedgeAfter >= route.FirstAudioTimeout {
		r.warn(join("routes", route.Name)+".hedge_after",
			fmt.Sprintf("never comes: first_audio_timeout, %v, is over before", route.FirstAudioTimeout))
	}
}

// warnMissingIDs warns of targets that can't go on where another target with the voice fails.
func warnMissingIDs(route routing.Route, voices []routing.Voice, r *remarks) {
	for _, v := range voices {
		missing := routing.Missing(route, v)
		if len(missing) == 0 {
			continue
		}
		r.warn(join("voices", v.Name)+".ids", fmt.Sprintf("has none for %s, so route %s never speaks with this voice there",
			list(missing), route.Name))
	}
}

// warnTargets warns of targets of some routes that a budget excludes; no routes: all.
func (b *budgetConfig) warnTargets(path string, routes []string, file *fileConfig, prices *billing.PriceList, r *remarks) {
	if b == nil {
		return
	}
	b.warnFutile(path, r)
	if b.AllowUnpriced || prices == nil {
		return
	}
	for _, route := range file.Routes {
		if len(routes) > 0 && !slices.Contains(routes, route.Name) {
			continue
		}
		warnExcluded(path, b.limit().Currency, route, prices, r)
	}
}

func warnExcluded(path, currency string, route routing.Route, prices *billing.PriceList, r *remarks) {
	var excluded []routing.Target
	for _, target := range route.Targets {
		if routing.Excluded(prices.Currency(target.Provider, target.Model), currency) != "" {
			excluded = append(excluded, target)
		}
	}
	switch len(excluded) {
	case 0:
	case len(route.Targets):
		r.warn(path, fmt.Sprintf("excludes route %s as a whole: none of its targets has a price in %s, so nothing is spoken",
			route.Name, currency))
	default:
		r.warn(path, fmt.Sprintf("excludes %s of route %s: no price in %s", list(excluded), route.Name, currency))
	}
}

// targets are those of all routes.
func (c *fileConfig) targets() []routing.Target {
	var all []routing.Target
	for _, route := range c.Routes {
		all = append(all, route.Targets...)
	}
	return all
}

// warnUncounted warns of targets whose cost a provider's budget does not count.
func (p providerConfig) warnUncounted(file *fileConfig, prices *billing.PriceList, r *remarks) {
	if p.Budget == nil || prices == nil {
		return
	}
	var uncounted []routing.Target
	for _, t := range file.targets() {
		other := routing.Excluded(prices.Currency(t.Provider, t.Model), p.Budget.Currency) != ""
		if t.Provider == p.Name && other && !slices.Contains(uncounted, t) {
			uncounted = append(uncounted, t)
		}
	}
	if len(uncounted) > 0 {
		r.warn(join("providers", p.Name)+".budget", fmt.Sprintf("has no price in %s of %s: what that costs counts only where the vendor tells it",
			p.Budget.Currency, list(uncounted)))
	}
}

func list(targets []routing.Target) string {
	names := make([]string, len(targets))
	for i, t := range targets {
		names[i] = t.String()
	}
	return strings.Join(names, ", ")
}
