package live

import (
	"context"
	"time"

	"voicerelay/billing"
	"voicerelay/server/answer"
)

// askToday has what was used today be known, in a goroutine of its own, since it may take a while.
func (f *Feed) askToday(ctx context.Context, now time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.pending || now.Sub(f.askedSums) < todayEvery {
		return
	}
	f.pending, f.askedSums = true, now
	f.wg.Go(func() {
		today := f.usedToday(ctx, now)
		f.mu.Lock()
		defer f.mu.Unlock()
		f.pending = false
		if today != nil {
			f.today = today
		}
	})
}

// usedToday is what was used since midnight, UTC; nil: it can't be read now.
func (f *Feed) usedToday(ctx context.Context, now time.Time) *todayEntry {
	ctx, cancel := context.WithTimeout(ctx, todayPatience)
	defer cancel()
	from, to := billing.Today(now)
	ask := func(by ...billing.Dimension) (billing.Report, error) {
		return f.reports.Sums(ctx, billing.SumsQuery{From: from, To: to, GroupBy: by, MaxGroups: mostGroups})
	}
	all, err := ask()
	if err != nil {
		return nil
	}
	tenants, err := ask(billing.ByTenant)
	if err != nil {
		return nil
	}
	providers, err := ask(billing.ByProvider)
	if err != nil {
		return nil
	}
	today := &todayEntry{
		Since: answer.Time(from), Complete: all.MissingSince.IsZero(), usedEntry: usedEntry{Cost: []answer.Cost{}},
		Tenants: make(map[string]usedEntry), Providers: make(map[string]usedEntry),
	}
	for _, g := range all.Groups {
		today.usedEntry = usedEntry{g.Generations, answer.Costs(g.Cost)}
	}
	for _, g := range tenants.Groups {
		today.Tenants[g.Tenant] = usedEntry{g.Generations, answer.Costs(g.Cost)}
	}
	for _, g := range providers.Groups {
		today.Providers[g.Provider] = usedEntry{g.Attempts, answer.Costs(g.Cost)}
	}
	return today
}
