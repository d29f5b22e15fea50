package config

import (
	"fmt"

	"voicerelay/billing"
	"voicerelay/limits"
)

// budgetConfig is what a tenant or one of its keys may spend, or what may be spent at a provider, by UTC day and month.
type budgetConfig struct {
	// Daily and Monthly are decimals in whole units of the currency; empty is no bound.
	Daily    string `yaml:"daily"`
	Monthly  string `yaml:"monthly"`
	Currency string `yaml:"currency"`
	// AlertAt is how much of it is spent when that is told: 1 for all; none: never.
	AlertAt []float64 `yaml:"alert_at"`
	// AllowUnpriced lets targets speak whose price is unknown, or in another currency. A provider's budget excludes none.
	AllowUnpriced bool `yaml:"allow_unpriced"`
}

// Bounds of alert_at. What is spent beyond a budget is little, since nothing begins once it is spent.
const (
	mostAlert  = 10.0
	mostAlerts = 10
)

func (b budgetConfig) validate(report func(field, reason string)) {
	b.checkAlerts(report)
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

func (b budgetConfig) checkAlerts(report func(field, reason string)) {
	if len(b.AlertAt) > mostAlerts {
		report("alert_at", fmt.Sprintf("must have at most %d thresholds", mostAlerts))
		return
	}
	last := limits.Fraction(0)
	for i, at := range b.AlertAt {
		field, f := fmt.Sprintf("alert_at[%d]", i), limits.FractionOf(min(max(at, -1), 2*mostAlert))
		switch {
		case f < 1 || at > mostAlert:
			report(field, fmt.Sprintf("must be more than 0 and at most %g: 0.8 is four fifths of the budget, 1 all of it", mostAlert))
		case f <= last:
			report(field, "must be more than the one before it")
		}
		last = f
	}
}

// limit is the budget as it is kept to. What is at fault is no bound, and has been reported.
func (b *budgetConfig) limit() limits.Budget {
	if b == nil {
		return limits.Budget{}
	}
	daily, _ := billing.Parse(b.Daily, 0, b.Currency)
	monthly, _ := billing.Parse(b.Monthly, 0, b.Currency)
	return limits.Budget{Currency: b.Currency, Daily: daily.Micros, Monthly: monthly.Micros}
}

// alerts are the thresholds of the budget.
func (b *budgetConfig) alerts() []limits.Fraction {
	if b == nil {
		return nil
	}
	var all []limits.Fraction
	for _, at := range b.AlertAt {
		all = append(all, limits.FractionOf(at))
	}
	return all
}

// warnFutile warns of a bound that never holds.
func (b *budgetConfig) warnFutile(path string, r *remarks) {
	if limit := b.limit(); limit.Monthly > 0 && limit.Daily > limit.Monthly {
		r.warn(path+".daily", "is more than monthly, which is spent first")
	}
}
