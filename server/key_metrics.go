package server

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"voicerelay/access"
)

// keyCollector tells of the keys that are configured now.
type keyCollector struct {
	current                func() *setup
	used, expires, refused *prometheus.Desc
}

func newKeyCollector(current func() *setup) *keyCollector {
	labels := []string{"tenant", "key", "secret"}
	return &keyCollector{
		current: current,
		used: prometheus.NewDesc("relay_key_last_used_timestamp_seconds",
			"When a key was last used, since the relay's start; 0: not yet. secret is key or next_key.", labels, nil),
		expires: prometheus.NewDesc("relay_key_expires_timestamp_seconds", "When a key expires, of those that do.", labels, nil),
		refused: prometheus.NewDesc("relay_expired_key_refusals_total", "Requests with a key that has expired.", labels, nil),
	}
}

// Describe implements prometheus.Collector.
func (c *keyCollector) Describe(to chan<- *prometheus.Desc) {
	to <- c.used
	to <- c.expires
	to <- c.refused
}

// Collect implements prometheus.Collector.
func (c *keyCollector) Collect(to chan<- prometheus.Metric) {
	set := c.current()
	for i := range set.keys {
		key, use := &set.keys[i], set.uses[set.keys[i].Hash]
		secret := secretOf(key)
		tell := func(d *prometheus.Desc, kind prometheus.ValueType, value float64) {
			to <- prometheus.MustNewConstMetric(d, kind, value, key.Tenant, key.Name, secret) // as many labels as described
		}
		tell(c.used, prometheus.GaugeValue, float64(use.last.Load())/float64(time.Second))
		if key.Expires.IsZero() {
			continue
		}
		tell(c.expires, prometheus.GaugeValue, float64(key.Expires.Unix()))
		tell(c.refused, prometheus.CounterValue, float64(use.expired.Load()))
	}
}

// secretOf is which of the two secrets of a name a key is.
func secretOf(key *access.Key) string {
	if key.Next {
		return "next_key"
	}
	return "key"
}
