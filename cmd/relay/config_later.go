package main

import (
	"fmt"
	"net/url"
	"strings"
	"time"

	"voicerelay/billing"
	"voicerelay/upstream"
)

// Sections that are checked, so that a file is right once, but have no effect in this version.

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
	if _, err := billing.Parse("0", 0, b.Currency); err != nil {
		report("currency", `must be three capital letters, such as "EUR"`)
		return
	}
	for field, amount := range map[string]string{"daily": b.Daily, "monthly": b.Monthly} {
		if _, err := billing.Parse(amount, 0, b.Currency); amount != "" && err != nil {
			report(field, err.Error())
		}
	}
	if b.Daily == "" && b.Monthly == "" {
		report("", "must have daily or monthly")
	}
}

// ledgerConfig is the file that generations are recorded in.
type ledgerConfig struct {
	// Path is where it is; data/ledger.db.
	Path string `yaml:"path"`
	// Retention is how long records are kept; 400d.
	Retention time.Duration `yaml:"retention"`
}

const defaultRetention = 400 * 24 * time.Hour

func defaultLedger() ledgerConfig {
	return ledgerConfig{Path: "data/ledger.db", Retention: defaultRetention}
}

func (l ledgerConfig) validate(report func(field, reason string)) {
	if l.Path == "" {
		report("path", "is empty")
	}
	checkRetention(report, l.Retention)
}

func checkRetention(report func(field, reason string), got time.Duration) {
	const day = 24 * time.Hour
	if got < day || got > 3650*day {
		report("retention", "must be 1d to 3650d")
	}
}

// redisConfig is the store that relays share.
type redisConfig struct {
	// URL is redis://… or rediss://…; several, separated by commas, are a cluster. It may bear a password.
	URL upstream.Secret `yaml:"url"`
	// Retention is how long records are kept there; 400d.
	Retention time.Duration `yaml:"retention"`
}

func defaultRedis() redisConfig { return redisConfig{Retention: defaultRetention} }

func (c redisConfig) validate(report func(field, reason string)) {
	checkRetention(report, c.Retention)
	if c.URL == "" {
		return
	}
	for address := range strings.SplitSeq(c.URL.Reveal(), ",") {
		u, err := url.Parse(strings.TrimSpace(address))
		if err != nil || (u.Scheme != "redis" && u.Scheme != "rediss") || u.Host == "" {
			report("url", "must be redis://host:port or rediss://host:port, several separated by commas")
			return
		}
	}
}

// unused lists what this version reads and checks, but does nothing with; a star is any one key.
func unused() []string {
	return []string{
		"tenants.*.budget",
		"keys[*].strict",
		"ledger",
		"redis",
	}
}

// warnUnused tells the user what has no effect yet, where the file has it.
func warnUnused(r *remarks) {
	for path := range r.places {
		for _, pattern := range unused() {
			if pathMatches(pattern, path) {
				r.warn(path, "not used by this version")
			}
		}
	}
}

// pathMatches compares a path with a pattern of the same depth. Names may hold dots themselves, so that what a star
// stands for is all between the parts around it.
func pathMatches(pattern, path string) bool {
	before, after, star := strings.Cut(pattern, "*")
	if !star {
		return pattern == path
	}
	middle, ok := strings.CutPrefix(path, before)
	if !ok {
		return false
	}
	name, ok := strings.CutSuffix(middle, after)
	return ok && isName(name)
}

// checkRange reports a value that is out of range.
func checkRange[N int | float64 | time.Duration](report func(field, reason string), field string, got, least, most N) {
	if got < least || got > most {
		report(field, fmt.Sprintf("must be %v to %v, not %v", least, most, got))
	}
}
