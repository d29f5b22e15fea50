package server

import (
	"context"
	"strconv"

	"github.com/prometheus/client_golang/prometheus"

	"voicerelay/limits"
)

// alertBy has thresholds of budgets told: in the log, as a number, and to whom the parts name.
func (srv *Server) alertBy(alert func(ctx context.Context, c limits.Crossing) (bool, error)) {
	srv.alerts = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "relay_budget_alerts_total", Help: "Times that a budget was spent as far as alert_at says, each once a period over all relays.",
	}, []string{"tenant", "key", "provider", "period", "at"})
	srv.watch = limits.NewWatch(srv.budgets, func(ctx context.Context, c limits.Crossing) error {
		if alert != nil {
			if now, err := alert(ctx, c); err != nil || !now {
				return err
			}
		}
		srv.alertsOf(c.Owner, c.Period, c.At).Inc()
		event := srv.log.Warn().Str("scope", c.Owner.Scope())
		for _, named := range []struct{ field, name string }{
			{"tenant", c.Owner.Tenant}, {"key", c.Owner.Key}, {"provider", c.Owner.Provider},
		} {
			if named.name != "" {
				event = event.Str(named.field, named.name)
			}
		}
		event.Str("period", string(c.Period)).Str("currency", c.Currency).Float64("alert_at", c.At.Float()).
			Str("spent", amount(c.Spent, c.Currency)).Str("limit", amount(c.Most, c.Currency)).Time("resets_at", c.Anew).
			Msg("budget threshold passed")
		return nil
	})
}

// watched are budgets of which the watch knows what is spent; nil: there are none.
func (srv *Server) watched(budgets limits.Budgets) limits.Budgets {
	if budgets == nil {
		return nil
	}
	return srv.watch.Budgets()
}

// alertsOf counts how often one threshold was told.
func (srv *Server) alertsOf(of limits.Owner, period limits.Period, at limits.Fraction) prometheus.Counter {
	return srv.alerts.WithLabelValues(of.Tenant, of.Key, of.Provider, string(period), strconv.FormatFloat(at.Float(), 'g', -1, 64))
}

// watchOver watches budgets in place of those before. Their counters begin at nothing.
func (srv *Server) watchOver(all []limits.Bounded) {
	srv.watch.Replace(all)
	for _, b := range all {
		for period, most := range map[limits.Period]int64{limits.Daily: b.Budget.Daily, limits.Monthly: b.Budget.Monthly} {
			for _, at := range b.AlertAt {
				if most > 0 {
					srv.alertsOf(b.Owner, period, at)
				}
			}
		}
	}
}
