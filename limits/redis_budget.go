package limits

import (
	"cmp"
	"context"
	"fmt"
	"sync"
	"time"
)

func (b *redisBudgets) open(ctx context.Context, e Expense) (Reservation, error) {
	p := &redisReservation{budgets: b, local: b.local.reservation(e, day(time.Now()))}
	if !e.Budget.Bounded() {
		return p, nil
	}
	reply, err := b.reserve(ctx, e, wanted{total: e.Micros})
	if err != nil { // alone
		if err := p.local.begin(ctx); err != nil {
			return nil, err
		}
		return p, nil
	}
	if err := budgetRefusal(reply, e); err != nil {
		return nil, err
	}
	p.local.day = word(reply, 1)
	p.local.note()
	b.learn(p.local, reply)
	return p, nil
}

// balance asks for nothing, which is answered by how the owner stands.
func (b *redisBudgets) balance(ctx context.Context, owner Owner, of Budget) (Balance, error) {
	reply, err := b.reserve(ctx, Expense{Owner: owner, RecordID: "balance-" + b.epoch, Budget: of}, wanted{extend: true})
	if err != nil || word(reply, 0) != "ok" { // alone
		return b.local.Balance(ctx, owner, of)
	}
	today := word(reply, 1)
	stands := func(most, used, spent int64, anew time.Time) PeriodBalance {
		return PeriodBalance{Most: most, Spent: spent, Reserved: max(used-spent, 0), Anew: anew}
	}
	return Balance{
		Daily:   stands(of.Daily, whole(reply, 2), whole(reply, 4), dayAfter(today)),
		Monthly: stands(of.Monthly, whole(reply, 3), whole(reply, 5), monthAfter(today)),
	}, nil
}

// wanted is what is asked for.
type wanted struct {
	total  int64  // of the record
	day    string // to which it counts; empty: it begins
	extend bool   // whatever is left
}

// reserve asks for a reservation. A Redis that lacks what it needs to decide is told, and asked again.
func (b *redisBudgets) reserve(ctx context.Context, e Expense, r wanted) ([]any, error) {
	a := account{e.Owner, e.Budget.Currency}
	reply, err := b.link.ask(ctx, e.Owner.tag(), b.reserveCall(e, r, b.local.told(a)))
	const lacks = 2 // things that it may lack: what was lost, and what was spent before
	for range lacks {
		if err != nil {
			return nil, err
		}
		switch word(reply, 0) {
		case "lost":
			err = b.recall(ctx, b.link.askBatch, a)
		case "unknown":
			err = b.inform(ctx, a, word(reply, 1))
		default:
			return reply, nil
		}
		if err == nil {
			reply, err = b.link.ask(ctx, e.Owner.tag(), b.reserveCall(e, r, nil))
		}
	}
	return reply, err
}

// reserveCall is the asking for a reservation, with what Redis is told before.
func (b *redisBudgets) reserveCall(e Expense, r wanted, told []told) call {
	args := []any{
		e.RecordID, r.total, r.day, e.Budget.Daily, e.Budget.Monthly, b.lease.Milliseconds(), flag(r.extend), b.epoch,
	}
	for _, t := range told {
		args = append(args, t.period, t.spent, t.heard)
	}
	return call{b.scripts.reserve, b.keys.budget(account{e.Owner, e.Budget.Currency}), args}
}

// learn notes what all relays have spent and hold, for when Redis is away or has lost its memory.
func (b *redisBudgets) learn(p *memoryReservation, reply []any) {
	b.local.learn(p.account, p.day, totals{whole(reply, 2), whole(reply, 4)}, totals{whole(reply, 3), whole(reply, 5)})
}

func budgetRefusal(reply []any, e Expense) error {
	switch verdict := word(reply, 0); verdict {
	case "ok":
		return nil
	case string(Daily), string(Monthly):
		return budgetError(e, Period(verdict), word(reply, 2), whole(reply, 1), time.UnixMilli(whole(reply, 3)))
	default:
		return fmt.Errorf("unknown verdict %q of the script", verdict)
	}
}

// redisReservation is one generation's.
type redisReservation struct {
	// Static.
	budgets *redisBudgets
	local   *memoryReservation

	mu      sync.Mutex // held while Redis is asked, so that totals come in order
	settled bool
}

// Reserve implements Reservation. It waits for Redis at most as long as its patience is.
func (p *redisReservation) Reserve(ctx context.Context, micros int64) error {
	return p.ask(ctx, micros, false)
}

// Extend implements Reservation. It waits for Redis at most as long as its patience is.
func (p *redisReservation) Extend(ctx context.Context, micros int64) {
	_ = p.ask(ctx, micros, true) // nothing refuses it
}

func (p *redisReservation) ask(ctx context.Context, micros int64, extend bool) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	e := p.local.expense
	if p.settled || !e.Budget.Bounded() {
		return nil
	}
	reply, err := p.budgets.reserve(ctx, e, wanted{p.budgets.local.setAside(&p.local.hold) + micros, p.local.day, extend})
	if err != nil && !extend {
		return p.local.Reserve(ctx, micros) // alone
	}
	if err == nil {
		if err := budgetRefusal(reply, e); err != nil {
			return err
		}
	}
	p.local.Extend(ctx, micros)
	if err == nil {
		p.budgets.learn(p.local, reply)
	}
	return nil
}

// Settle implements Reservation. Where Redis is away, the sum is told when it is back, and the reservation lapses.
func (p *redisReservation) Settle(ctx context.Context, spent Spent) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.settled {
		return nil
	}
	p.settled = true
	_ = p.local.Settle(ctx, spent) // never fails
	b, e := p.budgets, p.local.expense
	for currency := range spent {
		b.noteNews(account{e.Owner, currency})
	}
	if e.Budget.Bounded() {
		_, _ = b.link.ask(ctx, e.Owner.tag(), b.book(p.local.account, booking{over: e.RecordID})) // else sync tells it
	}
	return nil
}

// claimKept is how long a claim outlives the period that it is of: clocks of relays may differ.
const claimKept = time.Hour

// claim asks to be the one that tells of a crossing.
func (b *redisBudgets) claim(ctx context.Context, c Crossing) (bool, error) {
	keep := max(time.Until(c.Anew), 0) + claimKept
	keys := []string{b.keys.budget(account{c.Owner, c.Currency})[0] + ":" + c.ID()}
	who := cmp.Or(b.relay, b.epoch)
	reply, err := b.link.askBatch(ctx, c.Owner.tag(), call{b.scripts.claim, keys, []any{who, keep.Milliseconds()}})
	if err != nil {
		return false, err
	}
	return word(reply, 0) == who, nil
}
