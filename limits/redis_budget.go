package limits

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"
)

// redisBudgets is the Budgets half of Redis.
type redisBudgets struct {
	// Static.
	link    *link
	scripts scripts
	keys    keyspace
	epoch   string // of this relay's start: what it has spent is counted from there
	lease   time.Duration
	local   *MemoryBudgets // what this relay has spent and holds, and what it has heard of the others
}

func (b *redisBudgets) open(ctx context.Context, e Expense) (Purse, error) {
	if !e.Budget.bounded() {
		return unbounded{}, nil
	}
	p := &redisPurse{budgets: b}
	reply, err := b.reserve(ctx, e, 0, "")
	if err != nil {
		p.local = b.local.purse(e, day(time.Now()))
		if err := p.local.begin(ctx); err != nil {
			return nil, err
		}
		return p, nil
	}
	if err := budgetRefusal(reply); err != nil {
		return nil, err
	}
	p.local = b.local.purse(e, word(reply, 1))
	p.local.note()
	b.learn(p.local, reply)
	return p, nil
}

// reserve asks for a total. The day is empty where the generation begins.
func (b *redisBudgets) reserve(ctx context.Context, e Expense, total int64, day string) ([]any, error) {
	c := call{b.scripts.reserve, b.keys.budget(account{e.Tenant, e.Budget.Currency}), []any{
		e.RecordID, total, day, e.Budget.Daily, e.Budget.Monthly, b.lease.Milliseconds(),
	}}
	return b.link.ask(ctx, e.Tenant, c)
}

// learn notes what all relays have spent and hold, for when Redis is away.
func (b *redisBudgets) learn(p *memoryPurse, reply []any) {
	b.local.learn(p.account, p.day, whole(reply, 2), whole(reply, 3))
}

func budgetRefusal(reply []any) error {
	switch verdict := word(reply, 0); verdict {
	case "ok":
		return nil
	case string(Daily), string(Monthly):
		return &BudgetError{Period: Period(verdict)}
	default:
		return fmt.Errorf("unknown verdict %q of the script", verdict)
	}
}

// redisPurse is one generation's.
type redisPurse struct {
	// Static.
	budgets *redisBudgets
	local   *memoryPurse

	mu      sync.Mutex // held while Redis is asked, so that totals come in order
	settled bool
}

// Reserve implements Purse. It waits for Redis at most as long as its patience is.
func (p *redisPurse) Reserve(ctx context.Context, micros int64) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.settled {
		return nil
	}
	reply, err := p.budgets.reserve(ctx, p.local.expense, p.local.holding()+micros, p.local.day)
	if err != nil {
		return p.local.Reserve(ctx, micros) // alone
	}
	if err := budgetRefusal(reply); err != nil {
		return err
	}
	p.local.hold(micros)
	p.budgets.learn(p.local, reply)
	return nil
}

// Settle implements Purse. Where Redis is away, the sum is told when it is back, and the reservation lapses.
func (p *redisPurse) Settle(ctx context.Context, micros int64) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.settled {
		return nil
	}
	p.settled = true
	_ = p.local.Settle(ctx, micros) // never fails
	b, e := p.budgets, p.local.expense
	_, _ = b.link.ask(ctx, e.Tenant, b.book(p.local.account, booking{over: e.RecordID})) // else sync tells it
	return nil
}

// booking is what Redis is told besides what was spent.
type booking struct {
	over    string // the record that has ended, if any
	holds   []hold
	restore bool
}

// book tells Redis all that this relay has spent of an account so far.
func (b *redisBudgets) book(a account, what booking) call {
	spent := b.local.spent(a)
	args := []any{b.epoch, what.over, b.lease.Milliseconds(), flag(what.restore), len(spent)}
	for period, micros := range spent {
		args = append(args, period, micros)
	}
	for _, h := range what.holds {
		args = append(args, h.purse.expense.RecordID, h.micros, h.purse.day)
	}
	return call{b.scripts.book, b.keys.budget(a), args}
}

// sync makes Redis agree on what was spent, and renews the leases of what is reserved.
func (b *redisBudgets) sync(ctx context.Context, ask asker) error {
	for a, holds := range b.local.holds() {
		batches := slices.Collect(slices.Chunk(holds, leasesAtOnce))
		if len(batches) == 0 {
			batches = [][]hold{nil} // what was spent is told all the same
		}
		for _, batch := range batches {
			if err := b.renew(ctx, ask, a, batch); err != nil {
				return err
			}
		}
	}
	return nil
}

// renew renews reservations. What Redis has lost, or has never known, it takes on, unless it has ended meanwhile.
func (b *redisBudgets) renew(ctx context.Context, ask asker, a account, batch []hold) error {
	reply, err := ask(ctx, a.tenant, b.book(a, booking{holds: batch}))
	if err != nil {
		return err
	}
	var missing []hold
	for _, h := range batch {
		if slices.Contains(reply, any(h.purse.expense.RecordID)) && h.purse.holding() > 0 {
			missing = append(missing, h)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	_, err = ask(ctx, a.tenant, b.book(a, booking{holds: missing, restore: true}))
	return err
}
