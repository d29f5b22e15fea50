package server

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"voicerelay/billing"
	"voicerelay/limits"
)

// budgetCollector tells how tenants, keys and providers stand by their budgets, when it is asked.
type budgetCollector struct {
	bounded                func() []limits.Bounded
	budgets                limits.Budgets
	limit, spent, reserved *prometheus.Desc
}

func newBudgetCollector(bounded func() []limits.Bounded, budgets limits.Budgets) *budgetCollector {
	desc := func(name, help string) *prometheus.Desc {
		return prometheus.NewDesc(name, help, []string{"tenant", "key", "provider", "period", "currency"}, nil)
	}
	return &budgetCollector{
		bounded:  bounded,
		budgets:  budgets,
		limit:    desc("relay_budget_limit", "What a tenant may spend in the day or month (UTC), or one of its keys, or what may be spent at a provider, in whole units of the currency."),
		spent:    desc("relay_budget_spent", "What of that is spent, by all relays that share a Redis."),
		reserved: desc("relay_budget_reserved", "What of it is set aside for generations that run."),
	}
}

// Describe implements prometheus.Collector.
func (c *budgetCollector) Describe(to chan<- *prometheus.Desc) {
	to <- c.limit
	to <- c.spent
	to <- c.reserved
}

// scrapePatience bounds how long a scrape waits for all balances: Prometheus gives up after ten seconds by default.
const scrapePatience = 2 * time.Second

// Collect implements prometheus.Collector. What can't be read is left out.
func (c *budgetCollector) Collect(to chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), scrapePatience)
	defer cancel()
	for _, b := range c.bounded() {
		balance, err := c.budgets.Balance(ctx, b.Owner, b.Budget)
		if ctx.Err() != nil {
			return // a look at what was spent before this process began heeds no context
		}
		if err != nil {
			continue
		}
		c.tell(to, b, "day", balance.Daily)
		c.tell(to, b, "month", balance.Monthly)
	}
}

func (c *budgetCollector) tell(to chan<- prometheus.Metric, of limits.Bounded, period string, p limits.PeriodBalance) {
	if p.Most == 0 {
		return
	}
	for d, micros := range map[*prometheus.Desc]int64{c.limit: p.Most, c.spent: p.Spent, c.reserved: p.Reserved} {
		units := billing.Money{Micros: micros, Currency: of.Budget.Currency}.Units()
		to <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, units,
			of.Owner.Tenant, of.Owner.Key, of.Owner.Provider, period, of.Budget.Currency) // as many labels as described
	}
}
