package limits

import (
	"context"
	"time"
)

// memoryPurse is one generation's.
type memoryPurse struct {
	// Static.
	budgets *MemoryBudgets
	expense Expense
	account account
	day     string

	// Guarded by budgets.mu.
	reserved int64
	settled  bool
}

// begin opens the purse where anything is left.
func (p *memoryPurse) begin(ctx context.Context) error {
	if err := p.budgets.inform(ctx, p.account, p.day); err != nil {
		return err
	}
	p.budgets.mu.Lock()
	defer p.budgets.mu.Unlock()
	s := p.budgets.spendingLocked(p.account)
	s.forget(time.Now())
	if err := s.refuse(p.expense.Budget, p.day, 1); err != nil {
		return err
	}
	s.open[p] = struct{}{}
	return nil
}

// note opens the purse though nothing may be left here: another store has decided.
func (p *memoryPurse) note() {
	p.budgets.mu.Lock()
	defer p.budgets.mu.Unlock()
	s := p.budgets.spendingLocked(p.account)
	s.forget(time.Now())
	s.open[p] = struct{}{}
}

// Reserve implements Purse. It never waits.
func (p *memoryPurse) Reserve(_ context.Context, micros int64) error {
	p.budgets.mu.Lock()
	defer p.budgets.mu.Unlock()
	s := p.budgets.spendingLocked(p.account)
	if micros > 0 {
		if err := s.refuse(p.expense.Budget, p.day, micros); err != nil {
			return err
		}
	}
	p.holdLocked(s, micros)
	return nil
}

// hold reserves what another store has granted.
func (p *memoryPurse) hold(micros int64) {
	p.budgets.mu.Lock()
	defer p.budgets.mu.Unlock()
	p.holdLocked(p.budgets.spendingLocked(p.account), micros)
}

func (p *memoryPurse) holdLocked(s *spending, micros int64) {
	if p.settled {
		return
	}
	p.reserved += micros
	s.period(p.day).held += micros
	s.period(month(p.day)).held += micros
}

// Settle implements Purse. It never waits and never fails.
func (p *memoryPurse) Settle(_ context.Context, micros int64) error {
	p.budgets.mu.Lock()
	defer p.budgets.mu.Unlock()
	if p.settled {
		return nil
	}
	s := p.budgets.spendingLocked(p.account)
	p.holdLocked(s, -p.reserved)
	p.settled = true
	delete(s.open, p)
	s.period(p.day).spent += micros
	s.period(month(p.day)).spent += micros
	return nil
}

// holding is what the purse has reserved.
func (p *memoryPurse) holding() int64 {
	p.budgets.mu.Lock()
	defer p.budgets.mu.Unlock()
	return p.reserved
}
