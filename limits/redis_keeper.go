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

// keep renews what this relay holds, and brings Redis back, until ctx ends.
func (r *Redis) keep(ctx context.Context) {
	renewal := time.NewTicker(r.period)
	defer renewal.Stop()
	var newsDue <-chan time.Time
	r.greet(ctx)
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

// greet finds out whether Redis is there at all, and accepts what this relay asks of it, so that no client has to wait for that.
func (r *Redis) greet(ctx context.Context) {
	asking, cancel := context.WithTimeout(ctx, max(batchPatience, r.link.patience))
	defer cancel()
	call := call{script: r.admissions.scripts.probe, keys: r.admissions.keys.probe("")}
	_, err := call.run(asking, r.link.client)
	if err == nil {
		err = r.admissions.secret.agree(asking, r.link.client)
	}
	if err != nil && ctx.Err() == nil {
		r.link.lose("", err)
	}
	if err == nil {
		_ = r.freeFormer(ctx, r.link.askBatch) // an error means that Redis is away: recover goes on with it
	}
}

// freeFormer frees what the former start of this relay held, once.
func (r *Redis) freeFormer(ctx context.Context, ask asker) error {
	for len(r.former) > 0 {
		if err := r.admissions.free(ctx, ask, r.former[0]); err != nil {
			return err
		}
		r.former = r.former[1:]
	}
	return nil
}

// stillAwayEvery is how often it is said that Redis is away: often enough to be seen, and no flood in weeks of it.
const stillAwayEvery = time.Minute

// recover returns when Redis is back, or ctx has ended.
func (r *Redis) recover(ctx context.Context) {
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
			if r.onStill != nil {
				r.onStill(failed, r.link.awaySince())
			}
			continue
		case <-probe.C:
		}
		answered++
		err := r.probe(ctx)
		if err == nil && answered == probesToTry {
			err = r.sync(ctx, r.link.askAway)
		}
		if err != nil {
			answered, failed = 0, err
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
	if err := r.agree(ctx); err != nil {
		return err
	}
	if err := r.freeFormer(ctx, ask); err != nil {
		return err
	}
	if err := r.admissions.tell(ctx, ask); err != nil {
		return err
	}
	if err := r.admissions.renew(ctx, ask); err != nil {
		return err
	}
	return r.budgets.sync(ctx, ask)
}

// agree has this relay use the secret that stands in Redis.
func (r *Redis) agree(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, max(batchPatience, r.link.patience))
	defer cancel()
	return r.admissions.secret.agree(ctx, r.link.client)
}
