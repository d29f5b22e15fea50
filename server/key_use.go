package server

import (
	"sync/atomic"
	"time"

	"voicerelay/access"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/voicerelay/voicerelay/client/protocol"
)

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

func keyExpired() *protocol.Error {
	return &protocol.Error{Code: protocol.CodeAuthFailed, Message: "the key has expired"}
}

// KeyHolds reports whether the key that was shown is still configured, and has not expired.
func (srv *Server) KeyHolds(of *access.Key) bool {
	key := srv.setup.Load().keyOf(of.Hash)
	return key != nil && !key.Expired(time.Now())
}

// endExpired ends the connections of keys that have expired after a time, until now, and tells the log of the keys.
func (srv *Server) endExpired(after, now time.Time) {
	set, some := srv.setup.Load(), false
	for i := range set.keys {
		key := &set.keys[i]
		if !key.Expired(now) || key.Expired(after) {
			continue
		}
		some = true
		srv.log.Warn().Str("tenant", key.Tenant).Str("key", key.Name).Bool("next_key", key.Next).
			Msg("the key has expired and is refused from now on")
	}
	if !some {
		return
	}
	for _, c := range srv.current() {
		c.ShutWithoutKey()
	}
}

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
		secret := "key"
		if key.Next {
			secret = "next_key"
		}
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
