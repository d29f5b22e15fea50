package limits

import (
	"context"
	"fmt"
	"maps"
	"math"
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

// account is what budgets are counted by.
type account struct{ tenant, currency string }

// spending is what is known of one account. There are as many as tenants that have spent.
type spending struct {
	informed bool               // what others have spent is known
	periods  map[string]*period // by day and month
	open     map[*memoryReservation]struct{}
}

// period is a day or a month, in micros.
type period struct {
	spent  int64 // by this process
	held   int64 // by what runs here
	others int64 // spent and held elsewhere, or before, when last heard
	// learned: another store has told of it. heard is what all relays have spent, and known what of it each other start of
	// one has, when last heard.
	learned bool
	heard   int64
	known   map[string]int64
}

// NewMemoryBudgets is budgets of which that much has been spent that earlier says.
func NewMemoryBudgets(earlier Earlier) *MemoryBudgets {
	return &MemoryBudgets{earlier: earlier, accounts: make(map[account]*spending)}
}

// Open implements Budgets.
func (m *MemoryBudgets) Open(ctx context.Context, e Expense) (Reservation, error) {
	p := m.reservation(e, day(time.Now()))
	if !e.Budget.bounded() {
		return p, nil
	}
	if err := p.begin(ctx); err != nil {
		return nil, err
	}
	return p, nil
}

// Balance implements Budgets.
func (m *MemoryBudgets) Balance(ctx context.Context, tenant string, b Budget) (Balance, error) {
	today, a := day(time.Now()), account{tenant, b.Currency}
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

// balance is how the period stands as far as this process knows: what others hold counts as spent.
func (p *period) balance(most int64, anew time.Time) PeriodBalance {
	return PeriodBalance{Most: most, Spent: p.spent + p.others, Reserved: p.held, Anew: anew}
}

// reservation is an empty one, of a day. It is not open yet.
func (m *MemoryBudgets) reservation(e Expense, day string) *memoryReservation {
	return &memoryReservation{
		budgets: m, expense: e, account: account{e.Tenant, e.Budget.Currency}, day: day,
	}
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
		if sums[period], err = m.earlier(ctx, a.tenant, a.currency, start); err != nil {
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
		s = &spending{periods: make(map[string]*period), open: make(map[*memoryReservation]struct{})}
		m.accounts[a] = s
	}
	return s
}

// totals are what all relays together have spent and hold, and what of it is spent.
type totals struct{ used, spent int64 }

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
func (s *spending) refuse(b Budget, day string, micros int64, now time.Time) error {
	left, short := int64(math.MaxInt64), Period("")
	for _, bound := range []struct {
		period Period
		name   string
		most   int64
	}{{Daily, day, b.Daily}, {Monthly, month(day), b.Monthly}} {
		if bound.most == 0 {
			continue
		}
		p := s.period(bound.name)
		rest := bound.most - p.spent - p.held - p.others
		left = min(left, rest)
		if short == "" && rest < micros {
			short = bound.period
		}
	}
	if short == "" {
		return nil
	}
	return budgetError(b, short, day, left, now)
}

// hold is what an open reservation has set aside.
type hold struct {
	reservation *memoryReservation
	micros      int64
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
