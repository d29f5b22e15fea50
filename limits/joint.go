package limits

import (
	"context"
	"errors"
	"sync"
)

// OpenAll opens one generation for several owners, whose budgets hold all of them: it is refused where any of them has too
// little left, by a *BudgetError that names that owner, and then nothing stays set aside. Like Open it heeds no cancelled
// context.
func OpenAll(ctx context.Context, budgets Budgets, expenses ...Expense) (Reservation, error) {
	if len(expenses) == 1 {
		return budgets.Open(ctx, expenses[0])
	}
	joint := &jointReservation{}
	for _, e := range expenses {
		r, err := budgets.Open(ctx, e)
		if err != nil {
			return nil, errors.Join(err, joint.Settle(ctx, nil))
		}
		joint.shares = append(joint.shares, share{reservation: r})
	}
	return joint, nil
}

// jointReservation is one generation's at several owners.
type jointReservation struct {
	mu     sync.Mutex // held while the owners are asked
	shares []share
}

// share is the part of a joint reservation that is one owner's.
type share struct {
	reservation Reservation
	surplus     int64 // set aside here when another owner refused; the next that is asked for comes out of it
}

// Reserve implements Reservation. What owners had set aside before one of them refused stays for the next time.
func (j *jointReservation) Reserve(ctx context.Context, micros int64) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	for i := range j.shares {
		s := &j.shares[i]
		more := max(micros-s.surplus, 0)
		if err := s.reservation.Reserve(ctx, more); err != nil {
			return err
		}
		s.surplus += more
	}
	j.take(micros)
	return nil
}

// Extend implements Reservation.
func (j *jointReservation) Extend(ctx context.Context, micros int64) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for i := range j.shares {
		s := &j.shares[i]
		more := max(micros-s.surplus, 0)
		s.reservation.Extend(ctx, more)
		s.surplus += more
	}
	j.take(micros)
}

// take uses up what was asked for of what is set aside.
func (j *jointReservation) take(micros int64) {
	for i := range j.shares {
		j.shares[i].surplus -= micros
	}
}

// Settle implements Reservation: each owner is charged for the whole of it.
func (j *jointReservation) Settle(ctx context.Context, spent Spent) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	var errs []error
	for _, s := range j.shares {
		errs = append(errs, s.reservation.Settle(ctx, spent))
	}
	return errors.Join(errs...)
}
