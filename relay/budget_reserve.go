package relay

import (
	"context"
	"time"

	"voicerelay/billing"
	"voicerelay/limits"
)

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
