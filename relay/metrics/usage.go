package metrics

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
)

// usage is what vendors did for tenants, and what that cost.
type usage struct {
	audio, characters, cost *prometheus.CounterVec
}

func newUsage(with promauto.Factory) usage {
	labels := []string{"provider", "tenant"}
	return usage{
		audio: with.NewCounterVec(prometheus.CounterOpts{
			Name: "relay_audio_seconds_total", Help: "Audio that came from vendors, by provider and tenant.",
		}, labels),
		characters: with.NewCounterVec(prometheus.CounterOpts{
			Name: "relay_characters_total", Help: "Code points of text that vendors were given, by provider and tenant.",
		}, labels),
		cost: with.NewCounterVec(prometheus.CounterOpts{
			Name: "relay_cost_total", Help: "What attempts cost as far as it is known, in whole units of the currency, by provider and tenant. The ledger is exact; this is for graphs.",
		}, append(labels, "currency")),
	}
}

// maxExpected bounds what is there at 0 before it is counted: a relay of very many tenants would tell of more pairs than are
// ever used.
const maxExpected = 2000

// expect has all pairs of providers and tenants be there at 0, unless they are very many.
func (u usage) expect(providers, tenants []string) {
	if len(providers)*len(tenants) > maxExpected {
		return
	}
	for _, provider := range providers {
		for _, tenant := range tenants {
			u.audio.WithLabelValues(provider, tenant)
			u.characters.WithLabelValues(provider, tenant)
		}
	}
}

// Used is what an attempt used of a vendor.
type Used struct {
	Provider, Tenant string
	Audio            time.Duration
	Characters       int
	// Cost is in whole units of Currency, which is empty where it is not known.
	Cost     float64
	Currency string
}

// add counts what an attempt used.
func (u usage) add(of Used) {
	u.audio.WithLabelValues(of.Provider, of.Tenant).Add(of.Audio.Seconds())
	u.characters.WithLabelValues(of.Provider, of.Tenant).Add(float64(of.Characters))
	if of.Currency != "" {
		u.cost.WithLabelValues(of.Provider, of.Tenant, of.Currency).Add(of.Cost)
	}
}
