package limits

import (
	"context"
	"fmt"
	"maps"
	"math"
	"math/bits"
	"sync"
	"time"
)

// Bounded is an owner with the budget that bounds it.
type Bounded struct {
	Owner  Owner
	Budget Budget
	// AlertAt is how much of it is spent when that is told, in ascending order; none: never.
	AlertAt []Fraction
}

// Fraction is a part of a budget, in millionths of it.
type Fraction int64

// Whole is all of a budget.
const Whole Fraction = 1_000_000

// FractionOf is the nearest fraction.
func FractionOf(f float64) Fraction { return Fraction(math.Round(f * float64(Whole))) }

// Float is the fraction as a number: 1 for all of a budget.
func (f Fraction) Float() float64 { return float64(f) / float64(Whole) }

// of is the least amount, in whole micros, that is that part of a budget.
func (f Fraction) of(most int64) int64 {
	high, low := bits.Mul64(uint64(most), uint64(f))
	if high >= uint64(Whole) {
		return math.MaxInt64
	}
	whole, rest := bits.Div64(high, low, uint64(Whole))
	if rest > 0 {
		whole++
	}
	return int64(min(whole, math.MaxInt64))
}

// Crossing is that an owner has spent so much of its budget for a period.
type Crossing struct {
	Owner    Owner
	Period   Period
	Currency string
	At       Fraction
	PeriodBalance
}

// ID names the crossing: the same at each relay that notices it, and at each of its starts. A budget that was changed is
// another one.
func (c Crossing) ID() string {
	name := c.Owner.Tenant
	switch c.Owner.Scope() {
	case "key":
		name += "/" + c.Owner.Key
	case "provider":
		name = c.Owner.Provider
	}
	last := c.Anew.Add(-time.Second) // is in the period
	of := day(last)
	if c.Period == Monthly {
		of = month(of)
	}
	return fmt.Sprintf("budget-%s/%s/%s/%s/%d/%g", c.Owner.Scope(), name, of, c.Currency, c.Most, c.At.Float())
}

// Tell says that a budget was spent so far, unless another relay has said so, or an earlier start of this one. After an error it
// is called again.
type Tell func(ctx context.Context, c Crossing) error

// Watch looks how far budgets are spent: it has thresholds told once a period, and knows which providers have nothing left.
// It is safe for concurrent use. Run has to be running for either.
type Watch struct {
	budgets Budgets
	tell    Tell

	mu      sync.Mutex // guards what follows
	bounded map[Owner]Bounded
	due     map[Owner]struct{}   // what they have spent may have changed
	told    map[string]time.Time // crossings by id, until their period is over
	empty   map[Owner]time.Time  // until when nothing is left to owners
}

// NewWatch watches budgets of which none is known yet.
func NewWatch(budgets Budgets, tell Tell) *Watch {
	return &Watch{
		budgets: budgets, tell: tell, bounded: make(map[Owner]Bounded), due: make(map[Owner]struct{}),
		told: make(map[string]time.Time), empty: make(map[Owner]time.Time),
	}
}

// Replace puts other budgets in place of those that were watched. All are looked at soon.
func (w *Watch) Replace(all []Bounded) {
	w.mu.Lock()
	defer w.mu.Unlock()
	clear(w.bounded)
	for _, b := range all {
		w.bounded[b.Owner] = b
		w.due[b.Owner] = struct{}{}
	}
	maps.DeleteFunc(w.empty, func(of Owner, _ time.Time) bool { _, stays := w.bounded[of]; return !stays })
}

// Spent says that an owner may have spent something. It never waits.
func (w *Watch) Spent(of Owner) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if _, known := w.bounded[of]; known {
		w.due[of] = struct{}{}
	}
}

// Empty reports whether nothing is left of an owner's budget, as of the last look, of which there is one a second for providers.
func (w *Watch) Empty(of Owner) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	until, is := w.empty[of]
	return is && time.Now().Before(until)
}

// watchEvery is how often budgets are looked at that may have changed, and those of providers: what other relays spend at one
// should be known soon, and a question a second and provider is little.
const watchEvery = time.Second

// Run looks at budgets until ctx ends.
func (w *Watch) Run(ctx context.Context) {
	ticks := time.NewTicker(watchEvery)
	defer ticks.Stop()
	for {
		for _, b := range w.takeDue() {
			if err := w.look(ctx, b); err != nil {
				w.Spent(b.Owner) // looks again
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-ticks.C:
		}
	}
}

// takeDue are the budgets to look at, each owner's once.
func (w *Watch) takeDue() []Bounded {
	w.mu.Lock()
	defer w.mu.Unlock()
	now := time.Now()
	maps.DeleteFunc(w.told, func(_ string, until time.Time) bool { return !now.Before(until) })
	var all []Bounded
	for of, b := range w.bounded {
		_, due := w.due[of]
		if of.Provider != "" || due && len(b.AlertAt) > 0 {
			all = append(all, b)
		}
	}
	clear(w.due)
	return all
}

// lookPatience bounds a look at one budget, and the telling of what is seen.
const lookPatience = 5 * time.Second

// look asks how an owner stands.
func (w *Watch) look(ctx context.Context, b Bounded) error {
	ctx, cancel := context.WithTimeout(ctx, lookPatience)
	defer cancel()
	balance, err := w.budgets.Balance(ctx, b.Owner, b.Budget)
	if err != nil {
		return err
	}
	w.note(b.Owner, balance)
	for _, of := range []struct {
		period Period
		stands PeriodBalance
	}{{Daily, balance.Daily}, {Monthly, balance.Monthly}} {
		for _, at := range b.AlertAt {
			if of.stands.Most == 0 || of.stands.Spent < at.of(of.stands.Most) {
				continue
			}
			if err := w.tellOnce(ctx, Crossing{b.Owner, of.period, b.Budget.Currency, at, of.stands}); err != nil {
				return err
			}
		}
	}
	return nil
}

// note keeps until when nothing is left to an owner.
func (w *Watch) note(of Owner, b Balance) {
	var until time.Time
	for _, p := range []PeriodBalance{b.Daily, b.Monthly} {
		if p.Most > 0 && p.Spent >= p.Most && p.Anew.After(until) {
			until = p.Anew
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.empty, of)
	if _, known := w.bounded[of]; known && !until.IsZero() {
		w.empty[of] = until
	}
}

// tellOnce tells what this process has not told in the period.
func (w *Watch) tellOnce(ctx context.Context, c Crossing) error {
	id := c.ID()
	w.mu.Lock()
	_, known := w.told[id]
	w.mu.Unlock()
	if known {
		return nil
	}
	if err := w.tell(ctx, c); err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.told[id] = c.Anew
	return nil
}

// Budgets is what the watch looks at, with it told of what is spent.
func (w *Watch) Budgets() Budgets { return watched{w.budgets, w} }

// watched are budgets that tell a watch.
type watched struct {
	Budgets
	watch *Watch
}

// Open implements Budgets.
func (b watched) Open(ctx context.Context, e Expense) (Reservation, error) {
	r, err := b.Budgets.Open(ctx, e)
	if err != nil {
		return nil, err
	}
	return watchedReservation{r, b.watch, e.Owner}, nil
}

type watchedReservation struct {
	Reservation
	watch *Watch
	owner Owner
}

// Settle implements Reservation.
func (r watchedReservation) Settle(ctx context.Context, spent Spent) error {
	err := r.Reservation.Settle(ctx, spent)
	if len(spent) > 0 {
		r.watch.Spent(r.owner)
	}
	return err
}
