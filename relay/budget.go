package relay

import (
	"context"
	"errors"
	"slices"
	"time"
	"unicode/utf8"

	"voicerelay/billing"
	"voicerelay/limits"
	"voicerelay/protocol"
	"voicerelay/routing"
)

// unbounded is the purse of a tenant without a budget.
type unbounded struct{}

func (unbounded) Reserve(context.Context, int64) error { return nil }
func (unbounded) Settle(context.Context, int64) error  { return nil }

// bounded reports whether the key's tenant has a budget.
func (k *Key) bounded() bool { return k.Budget.Daily > 0 || k.Budget.Monthly > 0 }

// openPurse begins to spend a tenant's budget, or refuses where nothing of it is left.
func (g *generation) openPurse(ctx context.Context) (limits.Purse, error) {
	key := g.req.key
	if !key.bounded() || g.origin.srv.budgets == nil {
		return unbounded{}, nil
	}
	return g.origin.srv.budgets.Open(ctx, limits.Expense{Tenant: key.Tenant, RecordID: g.recordID, Budget: key.Budget})
}

// reserve sets aside what a piece may cost, before it is sent. An error ends the generation.
func (g *generation) reserve(ctx context.Context, text string) error {
	if !g.req.key.bounded() {
		return nil
	}
	err := g.purse.Reserve(ctx, g.req.setup.dearest(g.req.plan, text, g.req.speed, g.req.key.Budget.Currency))
	if err == nil || ctx.Err() != nil {
		return err
	}
	cause := &stopCause{name: "budget spent", reason: reasonFailed, err: g.origin.srv.refusal(err)}
	g.stop(cause)
	return cause
}

// dearest is the most that a text may cost at any of the plan's targets, in millionths of the currency's unit.
func (set *setup) dearest(plan *routing.Plan, text string, speed float64, currency string) int64 {
	used := billing.Usage{
		Audio:      speechTime(text, speed),
		Characters: int64(utf8.RuneCountInString(text)),
		Bytes:      int64(len(text)),
		Requests:   1,
	}
	most := int64(0)
	for _, c := range plan.Candidates {
		if cost := set.prices.Price(c.Provider, c.Model, used); cost.Known() && cost.Money.Currency == currency {
			most = max(most, cost.Money.Micros)
		}
	}
	return most
}

// speechTime is about how long a text takes at a speed.
func speechTime(text string, speed float64) time.Duration {
	return time.Duration(float64(billing.SpeechTime(int64(utf8.RuneCountInString(text)))) / speed)
}

// affordable leaves out targets whose price is unknown, or in another currency, for a tenant with a budget.
func (set *setup) affordable(plan *routing.Plan, key *Key) *routing.Plan {
	if !key.bounded() || key.AllowUnpriced {
		return plan
	}
	rest := *plan
	rest.PassedOver = slices.Clone(plan.PassedOver)
	rest.Candidates = slices.DeleteFunc(slices.Clone(plan.Candidates), func(c routing.Candidate) bool {
		why := routing.Excluded(set.prices.Currency(c.Provider, c.Model), key.Budget.Currency)
		if why != "" {
			rest.PassedOver = append(rest.PassedOver, routing.Omission{Target: c.Target, Why: why})
		}
		return why != ""
	})
	return &rest
}

// spentIn is what a record cost in a currency, in millionths of its unit, as far as it is known.
func spentIn(r billing.Record, currency string) int64 {
	total := int64(0)
	for _, c := range r.Cost() {
		if c.Known() && c.Money.Currency == currency {
			total += c.Money.Micros
		}
	}
	return total
}

// quotaExceeded is what a client is told of a budget that is spent.
func quotaExceeded(err error) *protocol.Error {
	var spent *limits.BudgetError
	if errors.As(err, &spent) {
		return &protocol.Error{Code: protocol.CodeQuotaExceeded, Message: spent.Error()}
	}
	return nil
}
