package limits

import (
	"context"
	"time"
)

// memoryReservation is one generation's. Where its owner has no budget it bounds nothing, and counts what is spent.
type memoryReservation struct {
	// Static.
	budgets *MemoryBudgets
	expense Expense
	account account

	// Guarded by budgets.mu.
	hold
	settled bool
}

// Open implements Budgets.
func (m *MemoryBudgets) Open(ctx context.Context, e Expense) (Reservation, error) {
	p := m.reservation(e, day(time.Now()))
	if !e.Budget.Bounded() {
		return p, nil
	}
	if err := p.begin(ctx); err != nil {
		return nil, err
	}
	return p, nil
}

// reservation is an empty one, of a day. It is not open yet.
func (m *MemoryBudgets) reservation(e Expense, day string) *memoryReservation {
	return &memoryReservation{
		budgets: m, expense: e, account: account{e.Owner, e.Budget.Currency}, hold: hold{record: e.RecordID, day: day},
	}
}

// begin opens the reservation where its price is left.
func (p *memoryReservation) begin(ctx context.Context) error {
	if err := p.budgets.inform(ctx, p.account, p.day); err != nil {
		return err
	}
	p.budgets.mu.Lock()
	defer p.budgets.mu.Unlock()
	s := p.budgets.spendingLocked(p.account)
	now := time.Now()
	s.forget(now)
	if err := s.refuse(p.expense, p.day, max(p.expense.Micros, 1), now); err != nil {
		return err
	}
	s.open[&p.hold] = struct{}{}
	p.holdLocked(s, p.expense.Micros)
	return nil
}

// note opens the reservation though its price may not be left here: another store has decided.
func (p *memoryReservation) note() {
	p.budgets.mu.Lock()
	defer p.budgets.mu.Unlock()
	s := p.budgets.spendingLocked(p.account)
	s.forget(time.Now())
	s.open[&p.hold] = struct{}{}
	p.holdLocked(s, p.expense.Micros)
}

// Reserve implements Reservation. It never waits.
func (p *memoryReservation) Reserve(_ context.Context, micros int64) error {
	if !p.expense.Budget.Bounded() {
		return nil
	}
	p.budgets.mu.Lock()
	defer p.budgets.mu.Unlock()
	s := p.budgets.spendingLocked(p.account)
	if micros > 0 {
		if err := s.refuse(p.expense, p.day, micros, time.Now()); err != nil {
			return err
		}
	}
	p.holdLocked(s, micros)
	return nil
}

// Extend implements Reservation. It never waits.
func (p *memoryReservation) Extend(_ context.Context, micros int64) {
	if !p.expense.Budget.Bounded() {
		return
	}
	p.budgets.mu.Lock()
	defer p.budgets.mu.Unlock()
	p.holdLocked(p.budgets.spendingLocked(p.account), micros)
}

func (p *memoryReservation) holdLocked(s *spending, micros int64) {
	if p.settled {
		return
	}
	p.micros += micros
	s.period(p.day).held += micros
	s.period(month(p.day)).held += micros
}

// Settle implements Reservation. It never waits and never fails.
func (p *memoryReservation) Settle(_ context.Context, spent Spent) error {
	p.budgets.mu.Lock()
	defer p.budgets.mu.Unlock()
	if p.settled {
		return nil
	}
	if p.expense.Budget.Bounded() {
		s := p.budgets.spendingLocked(p.account)
		p.holdLocked(s, -p.micros)
		delete(s.open, &p.hold)
	}
	p.settled = true
	for currency, micros := range spent {
		p.budgets.spendLocked(account{p.account.owner, currency}, p.day, micros)
	}
	return nil
}
