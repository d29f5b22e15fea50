package config

import (
	"time"

	"voicerelay/billing/ledger"
	"voicerelay/upstream"
)

// LedgerConfig is the file that generations are recorded in.
type LedgerConfig struct {
	// Path is where it is; data/ledger.db.
	Path string `yaml:"path"`
	// Retention is how long records are kept; 400d.
	Retention time.Duration `yaml:"retention"`
}

// DefaultRetention is how long records are kept: a year, and a month in which the last one is asked about.
const DefaultRetention = 400 * 24 * time.Hour

func defaultLedger() LedgerConfig {
	return LedgerConfig{Path: "data/ledger.db", Retention: DefaultRetention}
}

func (l LedgerConfig) validate(report func(field, reason string)) {
	if l.Path == "" {
		report("path", "is empty")
	} else if err := ledger.CheckPath(l.Path); err != nil {
		report("path", err.Error())
	}
	checkRetention(report, l.Retention)
}

func checkRetention(report func(field, reason string), got time.Duration) {
	const day = 24 * time.Hour
	if got < day || got > 3650*day {
		report("retention", "must be 1d to 3650d")
	}
}

// RedisConfig is the store that relays share.
type RedisConfig struct {
	// URL is redis://… or rediss://…; several, separated by commas, are a cluster. It may have a password.
	URL upstream.Secret `yaml:"url"`
	// Retention is how long records are kept there; 400d.
	Retention time.Duration `yaml:"retention"`
}

func defaultRedis() RedisConfig { return RedisConfig{Retention: DefaultRetention} }

func (c RedisConfig) validate(report func(field, reason string)) {
	checkRetention(report, c.Retention)
	if _, err := ParseRedis(c.URL); err != nil && c.URL != "" {
		report("url", err.Error())
	}
}

// BookSettings are where usage is recorded, and for how long.
type BookSettings struct {
	Ledger LedgerConfig
	Redis  RedisConfig
}
