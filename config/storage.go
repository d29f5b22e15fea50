package config

import (
	"time"

	"voicerelay/billing"
	"voicerelay/billing/ledger"
	"voicerelay/limits"
	"voicerelay/upstream"
)

// budgetConfig is what a tenant may spend, by UTC day and month.
type budgetConfig struct {
	// Daily and Monthly are decimals in whole units of the currency; empty is no bound.
	Daily    string `yaml:"daily"`
	Monthly  string `yaml:"monthly"`
	Currency string `yaml:"currency"`
	// AllowUnpriced lets targets speak whose price is unknown, or in another currency.
	AllowUnpriced bool `yaml:"allow_unpriced"`
}

func (b budgetConfig) validate(report func(field, reason string)) {
	if !billing.KnownCurrency(b.Currency) {
		report("currency", `must be a currency of ISO 4217, such as "EUR"`)
		return
	}
	for field, amount := range map[string]string{"daily": b.Daily, "monthly": b.Monthly} {
		money, err := billing.Parse(amount, 0, b.Currency)
		switch {
		case amount == "":
		case err != nil:
			report(field, err.Error())
		case money.Micros == 0:
			report(field, "must be more than 0")
		}
	}
	if b.Daily == "" && b.Monthly == "" {
		report("", "must have daily or monthly")
	}
}

// limit is the budget as it is kept to. What is at fault is no bound, and has been reported.
func (b budgetConfig) limit() limits.Budget {
	daily, _ := billing.Parse(b.Daily, 0, b.Currency)
	monthly, _ := billing.Parse(b.Monthly, 0, b.Currency)
	return limits.Budget{Currency: b.Currency, Daily: daily.Micros, Monthly: monthly.Micros}
}

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
