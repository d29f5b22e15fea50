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
)

// keeper has Redis agree with what this relay holds and has spent, and brings it back. It is one goroutine.
type keeper struct {
	// Static.
	link       *link
	admissions *admissions
	budgets    *redisBudgets
	period     time.Duration // between renewals
	onStill    func(err error, since time.Time)
	hurry      chan struct{} // holds one token while something should be told to Redis soon

	// Owned by its goroutine.
	former []string // tenants of which an earlier start may hold something
}

// keep renews what this relay holds, and brings Redis back, until ctx ends.
func (k *keeper) keep(ctx context.Context) {
	renewal := time.NewTicker(k.period)
	defer renewal.Stop()
	var newsDue <-chan time.Time
	k.greet(ctx)
	for {
		select {
		case <-ctx.Done():
			return
		case <-k.link.lost:
			k.recover(ctx)
		case <-k.hurry:
			_ = k.admissions.tell(ctx, k.link.askBatch) // an error means that Redis is away: the next turn's matter
		case <-k.budgets.wake:
			if newsDue == nil {
				newsDue = time.After(newsEvery)
			}
		case <-newsDue:
			newsDue = nil
			_ = k.budgets.tellNews(ctx, k.link.askBatch)
		case <-renewal.C:
			_ = k.sync(ctx, k.link.askBatch)
		}
	}
}

// greet finds out whether Redis is there at all, and accepts what this relay asks of it, so that no client has to wait for that.
func (k *keeper) greet(ctx context.Context) {
	asking, cancel := context.WithTimeout(ctx, max(batchPatience, k.link.patience))
	defer cancel()
	call := call{script: k.admissions.scripts.probe, keys: k.admissions.keys.probe("")}
	_, err := call.run(asking, k.link.client)
	if err == nil {
		err = k.admissions.secret.agree(asking, k.link.client)
	}
	if err != nil && ctx.Err() == nil {
		k.link.lose("", err)
	}
	if err == nil {
		_ = k.freeFormer(ctx, k.link.askBatch) // an error means that Redis is away: recover goes on with it
	}
}

// freeFormer frees what the former start of this relay held, once.
func (k *keeper) freeFormer(ctx context.Context, ask asker) error {
	for len(k.former) > 0 {
		if err := k.admissions.free(ctx, ask, k.former[0]); err != nil {
			return err
		}
		k.former = k.former[1:]
	}
	return nil
}

// stillAwayEvery is how often it is said that Redis is away: often enough to be seen, and no flood in weeks of it.
const stillAwayEvery = time.Minute

// recover returns when Redis is back, or ctx has ended.
func (k *keeper) recover(ctx context.Context) {
	probe := time.NewTicker(probeEvery)
	defer probe.Stop()
	still := time.NewTicker(stillAwayEvery)
	defer still.Stop()
	var failed error // that it can't be reached, most lately
	for answered := 0; answered < probesToTry; {
		select {
		case <-ctx.Done():
			return
		case <-still.C:
			if k.onStill != nil {
				k.onStill(failed, k.link.awaySince())
			}
			continue
		case <-probe.C:
		}
		answered++
		err := k.probe(ctx)
		if err == nil && answered == probesToTry {
			err = k.sync(ctx, k.link.askAway)
		}
		if err != nil {
			answered, failed = 0, err
		}
	}
	k.link.regain()
	_ = k.sync(ctx, k.link.askBatch) // what was decided here while the first one ran
}

func (k *keeper) probe(ctx context.Context) error {
	keys := k.admissions.keys.probe(k.link.suspected())
	return k.link.probe(ctx, call{script: k.admissions.scripts.probe, keys: keys})
}

// sync makes Redis agree with this relay: what has ended here, what runs, what was spent.
func (k *keeper) sync(ctx context.Context, ask asker) error {
	if err := k.agree(ctx); err != nil {
		return err
	}
	if err := k.freeFormer(ctx, ask); err != nil {
		return err
	}
	if err := k.admissions.tell(ctx, ask); err != nil {
		return err
	}
	if err := k.admissions.renew(ctx, ask); err != nil {
		return err
	}
	return k.budgets.sync(ctx, ask)
}

// agree has this relay use the secret that stands in Redis.
func (k *keeper) agree(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, max(batchPatience, k.link.patience))
	defer cancel()
	return k.admissions.secret.agree(ctx, k.link.client)
}
