package input

import (
	"context"
	"errors"
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
	expenses, price := in.cfg.Expenses, int64(0)
	if in.cfg.Bounded {
		price = in.cfg.Pricing.price(known)
	}
	for i := range expenses {
		expenses[i].Micros = price
	}
	reservation, err := limits.OpenAll(ctx, in.cfg.Budgets, expenses[:]...)
	if err != nil {
		return false, err
	}
	in.cfg.Mu.Lock()
	defer in.cfg.Mu.Unlock()
	early := len(in.funds.unpaid) > 0 // text came while the reservation was being opened
	in.funds.reservation, in.funds.paid, in.funds.busy = reservation, price, early
	return early, nil
}

// reservationTimeout bounds the settling of a reservation, since the generation's done waits for it.
const reservationTimeout = 2 * time.Second

// Settle books what a record cost in place of what was reserved, and at the providers where it was spent, though the client may
// be gone.
func (in *Input) Settle(ctx context.Context, record billing.Record) error {
	in.cfg.Mu.Lock()
	reservation := in.funds.reservation
	in.cfg.Mu.Unlock()
	if reservation == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), reservationTimeout)
	defer cancel()
	return errors.Join(reservation.Settle(ctx, billing.Known(record.Cost())), in.charge(ctx, record))
}

// charge counts what was spent at each provider. That was reserved by those who pay for it.
func (in *Input) charge(ctx context.Context, record billing.Record) error {
	var errs []error
	for provider, spent := range record.SpentAt() {
		at := limits.Expense{Owner: limits.Owner{Provider: provider}, RecordID: record.ID}
		reservation, err := in.cfg.Budgets.Open(ctx, at)
		if err == nil {
			err = reservation.Settle(ctx, spent)
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}
