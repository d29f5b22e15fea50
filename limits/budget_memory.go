package limits

import (
	"context"
	"fmt"
	"maps"
	"sync"
	"time"
)

// MemoryBudgets is Budgets within this process.
type MemoryBudgets struct {
	earlier Earlier // static; nil: nothing was spent before

	mu       sync.Mutex
	accounts map[account]*spending // guarded by mu, as is all that they hold
}

// account is what budgets are counted by.
type account struct{ tenant, currency string }

// spending is what is known of one account. There are as many as tenants with a budget.
type spending struct {
	informed bool               // what others have spent is known
	periods  map[string]*period // by day and month
	open     map[*memoryPurse]struct{}
}

// period is a day or a month, in micros.
type period struct {
	spent  int64 // by this process
	held   int64 // by what runs here
	others int64 // spent and held elsewhere, or before, when last heard
}

// NewMemoryBudgets is budgets of which that much has been spent that earlier says.
func NewMemoryBudgets(earlier Earlier) *MemoryBudgets {
	return &MemoryBudgets{earlier: earlier, accounts: make(map[account]*spending)}
}

// Open implements Budgets.
func (m *MemoryBudgets) Open(ctx context.Context, e Expense) (Purse, error) {
	if !e.Budget.bounded() {
		return unbounded{}, nil
	}
	p := m.purse(e, day(time.Now()))
	if err := p.begin(ctx); err != nil {
		return nil, err
	}
	return p, nil
}

// purse is an empty purse of a day. It is not open yet.
func (m *MemoryBudgets) purse(e Expense, day string) *memoryPurse {
	return &memoryPurse{
		budgets: m, expense: e, account: account{e.Tenant, e.Budget.Currency}, day: day,
	}
}

// inform finds out what was spent before this process began. Where it can't, the next Open tries again.
func (m *MemoryBudgets) inform(ctx context.Context, a account, today string) error {
	m.mu.Lock()
	informed := m.spendingLocked(a).informed
	m.mu.Unlock()
	if informed || m.earlier == nil {
		return nil
	}
	first := month(today) + "-01"
	sums := make(map[string]int64, 2)
	for period, from := range map[string]string{today: today, month(today): first} {
		start, err := time.Parse(time.DateOnly, from)
		if err != nil {
			return fmt.Errorf("parse day: %w", err)
		}
		if sums[period], err = m.earlier(ctx, a.tenant, a.currency, start); err != nil {
			return fmt.Errorf("look up what was spent: %w", err)
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	s := m.spendingLocked(a)
	if s.informed { // by another Open meanwhile; since then this process may have spent
		return nil
	}
	s.informed = true
	for name, sum := range sums {
		s.period(name).others = sum
	}
	return nil
}

func (m *MemoryBudgets) spendingLocked(a account) *spending {
	s := m.accounts[a]
	if s == nil {
		s = &spending{periods: make(map[string]*period), open: make(map[*memoryPurse]struct{})}
		m.accounts[a] = s
	}
	return s
}

// learn notes what all relays together have spent and hold of a day and its month.
func (m *MemoryBudgets) learn(a account, day string, inDay, inMonth int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	s := m.spendingLocked(a)
	s.informed = true
	for name, total := range map[string]int64{day: inDay, month(day): inMonth} {
		p := s.period(name)
		p.others = max(total-p.spent-p.held, 0)
	}
}

func (s *spending) period(name string) *period {
	p := s.periods[name]
	if p == nil {
		p = &period{}
		s.periods[name] = p
	}
	return p
}

// forget drops the periods that are over and of which nothing is open. Yesterday's stays, for what was opened then
// and is settled now.
func (s *spending) forget(now time.Time) {
	yesterday := day(now.Add(-24 * time.Hour))
	maps.DeleteFunc(s.periods, func(name string, p *period) bool {
		return p.held == 0 && name < yesterday[:len(name)]
	})
}

// refuse says which budget has not that much left.
func (s *spending) refuse(b Budget, day string, micros int64) error {
	bounds := []struct {
		period Period
		name   string
		most   int64
	}{{Daily, day, b.Daily}, {Monthly, month(day), b.Monthly}}
	for _, bound := range bounds {
		p := s.period(bound.name)
		if bound.most > 0 && p.spent+p.held+p.others+micros > bound.most {
			return &BudgetError{Period: bound.period}
		}
	}
	return nil
}

// hold is what an open purse has reserved.
type hold struct {
	purse  *memoryPurse
	micros int64
}

// holds is what is reserved, of each account that is known.
func (m *MemoryBudgets) holds() map[account][]hold {
	m.mu.Lock()
	defer m.mu.Unlock()
	holds := make(map[account][]hold, len(m.accounts))
	for a, s := range m.accounts {
		holds[a] = nil
		for p := range s.open {
			if p.reserved > 0 {
				holds[a] = append(holds[a], hold{p, p.reserved})
			}
		}
	}
	return holds
}

// spent is what this process has spent of an account, by day and month.
func (m *MemoryBudgets) spent(a account) map[string]int64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	s := m.spendingLocked(a)
	s.forget(time.Now())
	spent := make(map[string]int64, len(s.periods))
	for name, p := range s.periods {
		if p.spent > 0 {
			spent[name] = p.spent
		}
	}
	return spent
}
