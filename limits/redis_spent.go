package limits

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"sync"
	"time"
)

// newsEvery is how soon Redis hears what owners without a budget spend: one may get a budget at any time.
const newsEvery = time.Second

// redisBudgets is the Budgets half of Redis. Here is what it tells Redis of what was spent and is reserved, and hears of it; it asks
// for reservations in redis_budget.go.
type redisBudgets struct {
	// Static.
	link     *link
	scripts  scripts
	keys     keyspace
	epoch    string // of this relay's start: what it has spent is counted from there
	relay    string // names this relay; empty: its start alone does
	lease    time.Duration
	local    *MemoryBudgets // what this relay has spent and holds, and what it has heard of the others
	recorded Earlier        // what all relays have recorded; nil: nothing
	wake     chan struct{}  // holds one token while there is news

	mu   sync.Mutex
	news map[account]struct{} // guarded by mu: what was spent of them has yet to be told
}

// booking is what Redis is told in addition to what was spent.
type booking struct {
	over    string // the record that has ended, if any
	holds   []held
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
		args = append(args, h.of.record, h.micros, h.of.day)
	}
	return call{b.scripts.book, b.keys.budget(a), args}
}

// noteNews has what was spent of an account told soon. It never blocks.
func (b *redisBudgets) noteNews(a account) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.news[a] = struct{}{}
	select {
	case b.wake <- struct{}{}:
	default:
	}
}

// tellNews tells what was spent of the accounts that have news. Where it can't, they are told the next time.
func (b *redisBudgets) tellNews(ctx context.Context, ask asker) error {
	b.mu.Lock()
	news := b.news
	b.news = make(map[account]struct{})
	b.mu.Unlock()
	for a := range news {
		if _, err := ask(ctx, a.owner.tag(), b.book(a, booking{})); err != nil {
			b.mu.Lock()
			maps.Copy(b.news, news)
			b.mu.Unlock()
			return err
		}
	}
	return nil
}

// interrupted counts what a record of an earlier start has spent, and ends its reservation. Where Redis can't be told now, it
// is told later, and the reservation lapses.
func (b *redisBudgets) interrupted(ctx context.Context, of Owner, record, day string, spent Spent) error {
	p := b.local.reservation(Expense{Owner: of, RecordID: record}, day)
	_ = p.Settle(ctx, spent)      // never fails
	for currency := range spent { // all of them are told later, should one fail now
		b.noteNews(account{of, currency})
	}
	for currency := range spent {
		a := account{of, currency}
		if _, err := b.link.askBatch(ctx, of.tag(), b.book(a, booking{over: record})); err != nil {
			return err
		}
	}
	return nil
}

// sync makes Redis agree on what was spent, renews the leases of what is reserved, and hears what each start of a relay
// has spent.
func (b *redisBudgets) sync(ctx context.Context, ask asker) error {
	for a, holds := range b.local.holds() {
		batches := slices.Collect(slices.Chunk(holds, leasesAtOnce))
		if len(batches) == 0 {
			batches = [][]held{nil} // what was spent is told all the same
		}
		for _, batch := range batches {
			if err := b.renew(ctx, ask, a, batch); err != nil {
				return err
			}
		}
		lost, err := b.hear(ctx, ask, a, b.local.periodsOf(a)...)
		if err == nil && lost {
			err = b.recall(ctx, ask, a)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// renew renews reservations. What Redis has lost, or has never known, it takes on, unless it has ended in between.
func (b *redisBudgets) renew(ctx context.Context, ask asker, a account, batch []held) error {
	reply, err := ask(ctx, a.owner.tag(), b.book(a, booking{holds: batch}))
	if err != nil {
		return err
	}
	var missing []held
	for _, h := range batch {
		if slices.Contains(reply, any(h.of.record)) && b.local.setAside(h.of) > 0 {
			missing = append(missing, h)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	_, err = ask(ctx, a.owner.tag(), b.book(a, booking{holds: missing, restore: true}))
	return err
}

// inform tells Redis what was spent of a day and its month before they were counted there.
func (b *redisBudgets) inform(ctx context.Context, a account, today string) error {
	sums := []any{today}
	for _, first := range []string{today, month(today) + "-01"} {
		from, err := time.Parse(time.DateOnly, first)
		if err != nil {
			return fmt.Errorf("parse day: %w", err)
		}
		sum, err := b.lookUp(ctx, a, from)
		if err != nil {
			return err
		}
		sums = append(sums, sum)
	}
	if _, err := b.link.askBatch(ctx, a.owner.tag(), call{b.scripts.inform, b.keys.budget(a), sums}); err != nil {
		return err
	}
	_, err := b.hear(ctx, b.link.askBatch, a, today, month(today)) // what it lacks it was just asked for
	return err
}

// lookUp is what all relays have recorded of an account since a time.
func (b *redisBudgets) lookUp(ctx context.Context, a account, from time.Time) (int64, error) {
	if b.recorded == nil {
		return 0, nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), batchPatience)
	defer cancel()
	sum, err := b.recorded(ctx, a.owner, a.currency, from)
	if err != nil {
		return 0, fmt.Errorf("look up what was spent: %w", err)
	}
	return sum, nil
}

// hear notes what each start of a relay has spent of some periods of an account, for a Redis that loses it. It
// reports whether it has.
func (b *redisBudgets) hear(ctx context.Context, ask asker, a account, periods ...string) (lost bool, err error) {
	if len(periods) == 0 {
		return false, nil
	}
	args := make([]any, len(periods))
	for i, period := range periods {
		args[i] = period
	}
	reply, err := ask(ctx, a.owner.tag(), call{b.scripts.known, b.keys.budget(a), args})
	if err != nil {
		return false, err
	}
	for i, period := range periods {
		known := knownOf(reply, i)
		delete(known, "sum")
		delete(known, b.epoch) // this relay knows better
		lost = b.local.know(a, period, known) || lost
	}
	return lost, nil
}

// knownOf is a reply's hash, as pairs after one another.
func knownOf(reply []any, i int) map[string]int64 {
	known := make(map[string]int64)
	if i >= len(reply) {
		return known
	}
	pairs, _ := reply[i].([]any)
	for k := 0; k+1 < len(pairs); k += 2 {
		micros, err := strconv.ParseInt(word(pairs, k+1), 10, 64)
		if err == nil {
			known[word(pairs, k)] = micros
		}
	}
	return known
}

// recall tells a Redis that has lost something all that this relay remembers of an account.
func (b *redisBudgets) recall(ctx context.Context, ask asker, a account) error {
	args := []any{b.lease.Milliseconds()}
	for _, m := range b.local.memories(a) {
		args = append(args, m.period, m.all, len(m.known))
		for epoch, micros := range m.known {
			args = append(args, epoch, micros)
		}
	}
	if _, err := ask(ctx, a.owner.tag(), call{b.scripts.recall, b.keys.budget(a), args}); err != nil {
		return err
	}
	for batch := range slices.Chunk(b.local.holds()[a], leasesAtOnce) {
		if err := b.renew(ctx, ask, a, batch); err != nil {
			return err
		}
	}
	return nil
}
