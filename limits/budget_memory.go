package limits

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"
)

// MemoryBudgets is Budgets within this process.
type MemoryBudgets struct {
	earlier Earlier // static; nil: nothing was spent before

	mu       sync.Mutex
	accounts map[account]*spending // guarded by mu, as is all that they hold
}

// NewMemoryBudgets is budgets of which that much has been spent that earlier says.
func NewMemoryBudgets(earlier Earlier) *MemoryBudgets {
	return &MemoryBudgets{earlier: earlier, accounts: make(map[account]*spending)}
}

// Balance implements Budgets.
func (m *MemoryBudgets) Balance(ctx context.Context, of Owner, b Budget) (Balance, error) {
	today, a := day(time.Now()), account{of, b.Currency}
	if err := m.inform(ctx, a, today); err != nil {
		return Balance{}, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	s := m.spendingLocked(a)
	return Balance{
		Daily:   s.period(today).balance(b.Daily, dayAfter(today)),
		Monthly: s.period(month(today)).balance(b.Monthly, monthAfter(today)),
	}, nil
}

// informPatience bounds the look at what was spent before: a sum over a month of records.
const informPatience = 5 * time.Second

// inform finds out what was spent before this process began, whether the first caller is cancelled in between or
// not. Where it can't, the next Open tries again.
func (m *MemoryBudgets) inform(ctx context.Context, a account, today string) error {
	m.mu.Lock()
	informed := m.spendingLocked(a).informed
	m.mu.Unlock()
	if informed || m.earlier == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), informPatience)
	defer cancel()
	first := month(today) + "-01"
	sums := make(map[string]int64, 2)
	for period, from := range map[string]string{today: today, month(today): first} {
		start, err := time.Parse(time.DateOnly, from)
		if err != nil {
			return fmt.Errorf("parse day: %w", err)
		}
		if sums[period], err = m.earlier(ctx, a.owner, a.currency, start); err != nil {
			return fmt.Errorf("look up what was spent: %w", err)
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	s := m.spendingLocked(a)
	if s.informed { // by another Open in between; since then this process may have spent
		return nil
	}
	s.informed = true
	for name, sum := range sums {
		p := s.period(name)
		p.others = max(sum-p.spent, 0) // records have what this process spent before the tenant had a budget
	}
	return nil
}

// spendLocked counts what was spent of a day.
func (m *MemoryBudgets) spendLocked(a account, day string, micros int64) {
	if micros <= 0 {
		return
	}
	s := m.spendingLocked(a)
	s.period(day).spent += micros
	s.period(month(day)).spent += micros
}

func (m *MemoryBudgets) spendingLocked(a account) *spending {
	s := m.accounts[a]
	if s == nil {
		s = &spending{periods: make(map[string]*period), open: make(map[*hold]struct{})}
		m.accounts[a] = s
	}
	return s
}

// learn notes what all relays have used of a day and its month.
func (m *MemoryBudgets) learn(a account, day string, inDay, inMonth totals) {
	m.mu.Lock()
	defer m.mu.Unlock()
	s := m.spendingLocked(a)
	s.informed = true
	for name, total := range map[string]totals{day: inDay, month(day): inMonth} {
		p := s.period(name)
		p.others, p.heard, p.learned = max(total.used-p.spent-p.held, 0), total.spent, true
	}
}

// know notes what each other start of a relay has spent of a period. It reports whether that is less than was known.
func (m *MemoryBudgets) know(a account, period string, told map[string]int64) (less bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	p := m.spendingLocked(a).period(period)
	for start, micros := range p.known {
		now, stands := told[start]
		if !stands || now < micros {
			less, told[start] = true, micros
		}
	}
	p.known = told
	return less
}

// held is a hold as it was when it was looked at.
type held struct {
	of     *hold
	micros int64
}

// holds is what is reserved, of each account that is known.
func (m *MemoryBudgets) holds() map[account][]held {
	m.mu.Lock()
	defer m.mu.Unlock()
	holds := make(map[account][]held, len(m.accounts))
	for a, s := range m.accounts {
		holds[a] = nil
		for h := range s.open {
			if h.micros > 0 {
				holds[a] = append(holds[a], held{h, h.micros})
			}
		}
	}
	return holds
}

// setAside is what a reservation has set aside now.
func (m *MemoryBudgets) setAside(h *hold) int64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	return h.micros
}

// spent is what this process has spent of an account, by day and month.
func (m *MemoryBudgets) spent(a account) map[string]int64 {
	spent := make(map[string]int64)
	for _, t := range m.told(a) {
		if t.spent > 0 {
			spent[t.period] = t.spent
		}
	}
	return spent
}

// told is what a relay says of a period when it asks for money.
type told struct {
	period string
	spent  int64 // by this process
	heard  int64 // what all relays have spent, when last heard
}

func (m *MemoryBudgets) told(a account) []told {
	m.mu.Lock()
	defer m.mu.Unlock()
	s := m.spendingLocked(a)
	s.forget(time.Now())
	var all []told
	for name, p := range s.periods {
		switch {
		case p.learned:
			all = append(all, told{name, p.spent, p.heard})
		case p.spent > 0:
			all = append(all, told{name, p.spent, -1})
		}
	}
	return all
}

// periodsOf are the days and months of an account of which something is known.
func (m *MemoryBudgets) periodsOf(a account) []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Collect(maps.Keys(m.spendingLocked(a).periods))
}

// memory is what this process remembers of a period.
type memory struct {
	period string
	all    int64            // that is spent and held, over all relays
	known  map[string]int64 // by start of a relay, this one left out
}

func (m *MemoryBudgets) memories(a account) []memory {
	m.mu.Lock()
	defer m.mu.Unlock()
	var all []memory
	for name, p := range m.spendingLocked(a).periods {
		all = append(all, memory{name, p.others + p.spent + p.held, maps.Clone(p.known)})
	}
	return all
}
