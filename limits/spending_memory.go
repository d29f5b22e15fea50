package limits

import (
	"maps"
	"math"
	"time"
)

// What one account has spent, and what is set aside of it, in memory: MemoryBudgets guards it.

// account is what budgets are counted by.
type account struct {
	owner    Owner
	currency string
}

// spending is what is known of one account. There are as many as tenants, keys and providers that have spent.
type spending struct {
	informed bool               // what others have spent is known
	periods  map[string]*period // by day and month
	open     map[*hold]struct{} // what reservations have set aside
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

// hold is what an open reservation has set aside.
type hold struct {
	record, day string // of the reservation; static once it is open
	micros      int64
}

// totals are what all relays together have spent and hold, and what of it is spent.
type totals struct{ used, spent int64 }

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
func (s *spending) refuse(e Expense, day string, micros int64, now time.Time) error {
	b := e.Budget
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
	return budgetError(e, short, day, left, now)
}

// balance is how the period stands as far as this process knows: what others hold counts as spent.
func (p *period) balance(most int64, anew time.Time) PeriodBalance {
	return PeriodBalance{Most: most, Spent: p.spent + p.others, Reserved: p.held, Anew: anew}
}
