package config

import (
	"slices"
	"strings"
	"testing"
)

// TestFutileSettingsAreWarnedOf shows what is valid and can't do what its author hopes for.
func TestFutileSettingsAreWarnedOf(t *testing.T) {
	const two = "  one: {adapter: fake}\n  two: {adapter: fake}\n"
	cases := []struct {
		name     string
		old, new string // in least; old empty: new comes after it, from line 9 on
		want     []string
	}{
		{"nothing", "", "", nil},
		{"key that others can read", "adapter: fake", "adapter: fake, url: \"ws://vendor.example\", api_key: \"${KEY}\"", []string{
			"3:24: providers.one.url: sends the api_key and all texts unencrypted over the network",
		}},
		{"key on this machine", "adapter: fake", "adapter: fake, url: \"ws://127.0.0.1:9000\", api_key: \"${KEY}\"", nil},
		{"no key over the network", "adapter: fake", "adapter: fake, url: \"ws://vendor.example\"", nil},
		{"hedge beyond the timeout", "    targets:", "    hedge_after: 2s\n    first_audio_timeout: 1500ms\n    targets:", []string{
			"6:5: routes.default.hedge_after: never comes: first_audio_timeout, 1.5s, is over before",
		}},
		{"hedge before the timeout", "    targets:", "    hedge_after: 1s\n    first_audio_timeout: 1500ms\n    targets:", nil},
		{"price of no route", "", "prices: [{provider: one, model: x, unit: byte, amount: \"1\", currency: EUR}]\n", []string{
			"9:10: prices[0]: no route has this provider and model",
		}},
		{"price of all models", "", "prices: [{provider: one, unit: byte, amount: \"1\", currency: EUR}]\n", nil},
		{"admin beyond this machine", "", "admin_listen: 0.0.0.0:9090\n", []string{"9:1: admin_listen: is no loopback address"}},
		{"daily above monthly", "", "tenants: {local: {budget: {daily: \"9\", monthly: \"5\", currency: EUR, allow_unpriced: true}}}\n", []string{
			"9:28: tenants.local.budget.daily: is more than monthly",
		}},
		{"budget in another currency", "", "tenants: {local: {budget: {daily: \"9\", currency: EUR}}}\nprices: [{provider: one, unit: byte, amount: \"1\", currency: USD}]\n", []string{
			"9:19: tenants.local.budget: excludes route default as a whole: none of its targets has a price in EUR",
		}},
		{"budget without prices", "", "tenants: {local: {budget: {daily: \"9\", currency: EUR}}}\n", []string{
			"9:19: tenants.local.budget: excludes route default as a whole",
		}},
		{"budget for unpriced targets", "", "tenants: {local: {budget: {daily: \"9\", currency: EUR, allow_unpriced: true}}}\n", nil},
		{"a key's budget without prices", "", "keys: [{name: a, tenant: t, key: \"${KEY}\", budget: {daily: \"9\", currency: EUR}}]\n", []string{
			"9:44: keys[0].budget: excludes route default as a whole",
		}},
		{"a provider's budget without prices", "adapter: fake", "adapter: fake, budget: {daily: \"9\", currency: EUR}", []string{
			"3:24: providers.one.budget: has no price in EUR of one: what that costs counts only where the vendor tells it",
		}},
		{"a sink that can't know the relay", "", "events: [{url: \"http://a.example\"}]\n", []string{
			"9:10: events[0]: has neither secret nor headers", "9:11: events[0].url: is http, so that others on the way can read",
		}},
		{"a sink on this machine", "", "events: [{url: \"http://127.0.0.1:8888/\", headers: {A: b}}]\n", nil},
		{"tenant that is not listed", "", "tenants: {acne: {}}\nkeys: [{name: a, tenant: acme, key: \"${KEY}\"}]\n", []string{
			"9:11: tenants.acne: no key has this tenant", "10:18: keys[0].tenant: acme is not listed under tenants",
		}},
		{"voice without an id at a target", "  one: {adapter: fake}\nroutes:\n  default:\n    targets: [{provider: one}]", two + "routes:\n  default:\n    targets: [{provider: one}, {provider: two, model: m}]", []string{
			"9:28: voices.narrator.ids: has none for two/m, so route default never speaks with this voice there",
		}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			source := least + c.new
			if c.old != "" {
				source = strings.Replace(least, c.old, c.new, 1)
			}
			_, warnings, err := Parse("f.yaml", []byte(source), fakeEnvironment())
			if err != nil {
				t.Fatal(err)
			}
			got := make([]string, len(warnings))
			for i, w := range warnings {
				got[i] = strings.TrimPrefix(w.String(), "f.yaml:")
			}
			if !slices.EqualFunc(got, c.want, strings.HasPrefix) {
				t.Errorf("warnings:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(c.want, "\n"))
			}
		})
	}
}

// YAML 1.2 has no octal numbers that begin with a 0.
func TestWholeNumbersAreDecimal(t *testing.T) {
	for text, want := range map[string]int{"0600": 600, "600": 600, "0o600": 384, "0x1F4": 500} {
		s, _ := mustParse(t, least+"limits: {generations_per_minute: "+text+"}\n")
		if got := s.Limits.GenerationsPerMinute; got != want {
			t.Errorf("%s is read as %d, want %d", text, got, want)
		}
	}
}
