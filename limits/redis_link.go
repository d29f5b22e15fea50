package limits

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
)

const (
	// batchPatience is for calls that no client waits for, with up to leasesAtOnce leases.
	batchPatience = time.Second
	leasesAtOnce  = 200
)

// link asks Redis, and gives up on it at a stroke: after the first failure everyone is told at once that it is away,
// until the prober has brought it back.
type link struct {
	// Static.
	client   redis.UniversalClient
	patience time.Duration
	onAway   func(error)
	onBack   func(time.Duration)
	lost     chan struct{} // holds one token from when Redis went away until the prober takes it

	mu      sync.Mutex // guards what follows
	away    bool
	since   time.Time
	suspect string // the tenant at whose keys it failed: in a cluster, others may be served
}

// asker is one of the ways to ask Redis about a tenant.
type asker func(ctx context.Context, tenant string, c call) ([]any, error)

// ask waits for an answer for up to the patience, even if the asking client leaves: without it, what Redis has reserved by
// then would never be given back. The error is ErrAway.
func (l *link) ask(ctx context.Context, tenant string, c call) ([]any, error) {
	return l.askFor(ctx, l.patience, tenant, c)
}

// askBatch is ask for calls that no client waits for.
func (l *link) askBatch(ctx context.Context, tenant string, c call) ([]any, error) {
	return l.askFor(ctx, max(batchPatience, l.patience), tenant, c)
}

// askAway asks though Redis is away, and changes nothing about that.
func (l *link) askAway(ctx context.Context, _ string, c call) ([]any, error) {
	ctx, cancel := context.WithTimeout(ctx, max(batchPatience, l.patience))
	defer cancel()
	return c.run(ctx, l.client)
}

// probe asks, though Redis is away, whether it writes in time at the keys where it failed.
func (l *link) probe(ctx context.Context, c call) error {
	ctx, cancel := context.WithTimeout(ctx, l.patience)
	defer cancel()
	_, err := c.run(ctx, l.client)
	return err
}

func (l *link) askFor(ctx context.Context, patience time.Duration, tenant string, c call) ([]any, error) {
	if l.isAway() {
		return nil, ErrAway
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer cancel()
	reply, err := c.run(ctx, l.client)
	if err != nil {
		l.lose(tenant, err)
		return nil, fmt.Errorf("%w: %w", ErrAway, err)
	}
	return reply, nil
}

func (l *link) isAway() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.away
}

// awaySince is since when Redis is away; zero: it is not.
func (l *link) awaySince() time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.away {
		return time.Time{}
	}
	return l.since
}

// lose says that Redis is away. Of many that find out together, one is heard.
func (l *link) lose(tenant string, err error) {
	l.mu.Lock()
	already := l.away
	if !already {
		l.away, l.since, l.suspect = true, time.Now(), tenant
	}
	l.mu.Unlock()
	if already {
		return
	}
	l.lost <- struct{}{} // there is room: the prober took the last one before Redis could be away again
	if l.onAway != nil {
		l.onAway(err)
	}
}

// regain says that Redis is back.
func (l *link) regain() {
	l.mu.Lock()
	away := time.Since(l.since)
	l.away = false
	l.mu.Unlock()
	if l.onBack != nil {
		l.onBack(away)
	}
}

// suspected is the tenant at whose keys Redis failed.
func (l *link) suspected() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.suspect
}
