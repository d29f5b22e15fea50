package relay

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"voicerelay/access"
	"voicerelay/billing"
	"voicerelay/limits"
	"voicerelay/routing"
)

// bounded reports whether the generation's text must be paid before it is spoken.
func (in *input) bounded() bool { return in.g.engine.budgets != nil && in.g.req.Key.Bounded() }

// reserve reserves the price of the text that is known, or fails if the budget has too little left.
func (g *Generation) reserve(ctx context.Context) error {
	if g.engine.budgets == nil {
		return nil
	}
	key := g.req.Key
	price := int64(0)
	if key.Bounded() {
		price = g.req.price(g.req.text)
	}
	reservation, err := g.engine.budgets.Open(ctx, limits.Expense{
		Tenant: key.Tenant, RecordID: g.recordID, Budget: key.Budget, Micros: price,
	})
	if err != nil {
		return err
	}
	g.out.mu.Lock()
	early := len(g.in.funds.unpaid) > 0 // text came while the reservation was being opened
	g.in.funds.reservation, g.in.funds.paid, g.in.funds.busy = reservation, price, early
	g.out.mu.Unlock()
	if early {
		g.in.fund(ctx)
	}
	return nil
}

// reservationTimeout bounds the settling of a reservation, since the generation's done waits for it.
const reservationTimeout = 2 * time.Second

// settleReservation books what was spent in place of what was reserved, though the client may be gone.
func (g *Generation) settleReservation(ctx context.Context, record billing.Record) {
	g.out.mu.Lock()
	reservation := g.in.funds.reservation
	g.out.mu.Unlock()
	if reservation == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), reservationTimeout)
	defer cancel()
	if err := reservation.Settle(ctx, spentOf(record)); err != nil {
		g.log.Error().Err(err).Msg("budget not settled")
	}
}

// spentOf is what a record cost, as far as it is known.
func spentOf(r billing.Record) limits.Spent {
	spent := make(limits.Spent)
	for _, c := range r.Cost() {
		if c.Known() {
			spent[c.Money.Currency] += c.Money.Micros
		}
	}
	return spent
}

// affordable leaves out targets whose price is unknown, or in another currency, for a tenant with a budget.
func (set *Setup) affordable(plan *routing.Plan, key *access.Key) *routing.Plan {
	if !key.Bounded() || key.AllowUnpriced {
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

// quotaExceeded is what a client is told of a budget that has too little left.
func quotaExceeded(err error) *Error {
	var spent *limits.BudgetError
	if !errors.As(err, &spent) {
		return nil
	}
	return &Error{
		Code: CodeQuotaExceeded,
		Message: fmt.Sprintf("the tenant's budget for the %s has %s of %s left, which is too little, and begins anew at %s",
			spent.Period, amountOf(spent.Left, spent.Currency), amountOf(spent.Most, spent.Currency), spent.Anew.Format(time.RFC3339)),
		RetryAfter: spent.RetryAfter,
	}
}

// amountOf is an amount as people read it.
func amountOf(micros int64, currency string) string {
	return strings.TrimSpace(billing.Money{Micros: micros, Currency: currency}.Amount() + " " + currency)
}
