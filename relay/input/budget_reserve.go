package input

import (
	"context"
	"time"

	"voicerelay/billing"
	"voicerelay/limits"
)

// Reserve reserves the price of the text that is known, or fails if the budget has too little left. mustFund says that the caller must
// have Fund run, for text that came meanwhile.
func (in *Input) Reserve(ctx context.Context, known string) (mustFund bool, err error) {
	if in.cfg.Budgets == nil {
		return false, nil
	}
	expense := in.cfg.Expense
	if in.cfg.Bounded {
		expense.Micros = in.cfg.Pricing.price(known)
	}
	reservation, err := in.cfg.Budgets.Open(ctx, expense)
	if err != nil {
		return false, err
	}
	in.cfg.Mu.Lock()
	defer in.cfg.Mu.Unlock()
	early := len(in.funds.unpaid) > 0 // text came while the reservation was being opened
	in.funds.reservation, in.funds.paid, in.funds.busy = reservation, expense.Micros, early
	return early, nil
}

// reservationTimeout bounds the settling of a reservation, since the generation's done waits for it.
const reservationTimeout = 2 * time.Second

// Settle books what a record cost in place of what was reserved, though the client may be gone.
func (in *Input) Settle(ctx context.Context, record billing.Record) error {
	in.cfg.Mu.Lock()
	reservation := in.funds.reservation
	in.cfg.Mu.Unlock()
	if reservation == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), reservationTimeout)
	defer cancel()
	return reservation.Settle(ctx, spentOf(record))
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
