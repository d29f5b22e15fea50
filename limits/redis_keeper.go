package limits

import (
	"context"
	"time"
)

// How the keeper goes about its work. A probe must be answered in time more than once, so that a Redis that is
// merely slow does not come and go.
const (
	probeEvery  = 200 * time.Millisecond
	probesToTry = 3
	// batchPatience is for what nobody waits for, and holds up to leasesAtOnce.
	batchPatience = time.Second
	leasesAtOnce  = 200
)

// keep renews what this relay holds, and brings Redis back, until ctx ends.
func (r *Redis) keep(ctx context.Context) {
	renewal := time.NewTicker(r.period)
	defer renewal.Stop()
	var newsDue <-chan time.Time
	r.link.greet(ctx)
	for {
		select {
		case <-ctx.Done():
			return
		case <-r.link.lost:
			r.recover(ctx)
		case <-r.hurry:
			_ = r.admissions.tell(ctx, r.link.askBatch) // an error means that Redis is away: the next turn's matter
		case <-r.budgets.wake:
			if newsDue == nil {
				newsDue = time.After(newsEvery)
			}
		case <-newsDue:
			newsDue = nil
			_ = r.budgets.tellNews(ctx, r.link.askBatch)
		case <-renewal.C:
			_ = r.sync(ctx, r.link.askBatch)
		}
	}
}

// recover returns when Redis is back, or ctx has ended.
func (r *Redis) recover(ctx context.Context) {
	probe := time.NewTicker(probeEvery)
	defer probe.Stop()
	for answered := 0; answered < probesToTry; {
		select {
		case <-ctx.Done():
			return
		case <-probe.C:
		}
		answered++
		if err := r.probe(ctx); err != nil {
			answered = 0
		} else if answered == probesToTry && r.sync(ctx, r.link.askAway) != nil {
			answered = 0
		}
	}
	r.link.regain()
	_ = r.sync(ctx, r.link.askBatch) // what was decided here while the first one ran
}

func (r *Redis) probe(ctx context.Context) error {
	keys := r.admissions.keys.probe(r.link.suspected())
	return r.link.probe(ctx, call{script: r.admissions.scripts.probe, keys: keys})
}

// sync makes Redis agree with this relay: what has ended here, what runs, what was spent.
func (r *Redis) sync(ctx context.Context, ask asker) error {
	if err := r.admissions.tell(ctx, ask); err != nil {
		return err
	}
	if err := r.admissions.renew(ctx, ask); err != nil {
		return err
	}
	return r.budgets.sync(ctx, ask)
}
