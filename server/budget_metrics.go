package server

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"voicerelay/billing"
	"voicerelay/limits"
)

// budgetCollector tells how tenants stand by their budgets, when it is asked.
type budgetCollector struct {
	tenants                func() []boundedTenant
	budgets                limits.Budgets
	limit, spent, reserved *prometheus.Desc
}

func newBudgetCollector(tenants func() []boundedTenant, budgets limits.Budgets) *budgetCollector {
	desc := func(name, help string) *prometheus.Desc {
		return prometheus.NewDesc(name, help, []string{"tenant", "period", "currency"}, nil)
	}
	return &budgetCollector{
		tenants:  tenants,
		budgets:  budgets,
		limit:    desc("relay_budget_limit", "What a tenant may spend in the day or month (UTC), in whole units of the currency."),
		spent:    desc("relay_budget_spent", "What it has spent of that, by all relays that share a Redis."),
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
	for _, t := range c.tenants() {
		balance, err := c.budgets.Balance(ctx, t.tenant, t.budget)
		if ctx.Err() != nil {
			return // a look at what was spent before this process began heeds no context
		}
		if err != nil {
			continue
		}
		c.tell(to, t, "day", balance.Daily)
		c.tell(to, t, "month", balance.Monthly)
	}
}

func (c *budgetCollector) tell(to chan<- prometheus.Metric, of boundedTenant, period string, p limits.PeriodBalance) {
	if p.Most == 0 {
		return
	}
	for d, micros := range map[*prometheus.Desc]int64{c.limit: p.Most, c.spent: p.Spent, c.reserved: p.Reserved} {
		units := billing.Money{Micros: micros, Currency: of.budget.Currency}.Units()
		to <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, units, of.tenant, period, of.budget.Currency) // as many labels as described
	}
}
