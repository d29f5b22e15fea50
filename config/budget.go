package config

import (
	"fmt"
	"slices"

	"voicerelay/access"
	"voicerelay/billing"
	"voicerelay/limits"
	"voicerelay/routing"
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

// checkBudget checks a key's budget, which holds beside that of its tenant, and puts it into force.
func (k keyConfig) checkBudget(key *access.Key, path string, r *remarks) {
	if k.Budget == nil {
		return
	}
	path += ".budget"
	k.Budget.validate(r.below(path))
	if of := key.Budget.Currency; of != "" && k.Budget.Currency != of && !r.faulty(path) {
		r.fault(path+".currency", fmt.Sprintf("must be %s, as the budget of tenant %s is", of, k.Tenant))
	}
	key.OwnBudget, key.OwnAlertAt = k.Budget.limit(), k.Budget.alerts()
	key.AllowUnpriced = key.AllowUnpriced || k.Budget.AllowUnpriced && !key.Budget.Bounded()
}

// warnFutile warns of a bound that never holds.
func (b *budgetConfig) warnFutile(path string, r *remarks) {
	if limit := b.limit(); limit.Monthly > 0 && limit.Daily > limit.Monthly {
		r.warn(path+".daily", "is more than monthly, which is spent first")
	}
}

// checkBudget checks what may be spent at a provider.
func (p providerConfig) checkBudget(r *remarks) {
	if p.Budget == nil {
		return
	}
	path := join("providers", p.Name) + ".budget"
	p.Budget.validate(r.below(path))
	if p.Budget.AllowUnpriced {
		r.fault(path+".allow_unpriced", "is of tenants and keys: what a provider charges without a known price does not count")
	}
	p.Budget.warnFutile(path, r)
}

// bounded is the budget of a provider; the zero value if it has none.
func (p providerConfig) bounded() limits.Bounded {
	return limits.Bounded{Owner: limits.Owner{Provider: p.Name}, Budget: p.Budget.limit(), AlertAt: p.Budget.alerts()}
}

// ProviderBudgets are what may be spent at providers, in the order of the file, of those that have a budget.
func (s *Settings) ProviderBudgets() []limits.Bounded {
	var all []limits.Bounded
	for _, p := range s.Providers {
		if p.Budget.Budget.Bounded() {
			all = append(all, p.Budget)
		}
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
