package limits

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
)

// RedisConfig is how relays share a Redis.
type RedisConfig struct {
	// Prefix begins the name of each key; "voicerelay:".
	Prefix string
	// Relay names this relay, the same at each of its starts and unlike any other's, without spaces. What its former start
	// held is then free as soon as it runs again; empty: once the lease is over.
	Relay string
	// Tenants are those whose slots the former start may have held.
	Tenants []string
	// Patience is how long an answer may take before Redis counts as away; 50ms.
	Patience time.Duration
	// Lease is how long what a relay holds outlives it; 90s. It is renewed three times as often.
	Lease time.Duration
	// Earlier tells budgets what was spent before, where Redis is away from the start; nil: nothing.
	Earlier Earlier
	// Recorded tells budgets what all relays have recorded, for what was spent before Redis counted it; nil: nothing.
	Recorded Earlier
	// OnAway is called when Redis has gone away, with why; OnStillAway every minute while it is, with why now and since
	// when; OnBack when it is back, with how long it was away. All may be nil, and must not block.
	OnAway      func(err error)
	OnStillAway func(err error, since time.Time)
	OnBack      func(away time.Duration)

	clock string // of the scripts; empty: Redis' own
}

func (c RedisConfig) withDefaults() RedisConfig {
	if c.Prefix == "" {
		c.Prefix = "voicerelay:"
	}
	if c.Patience == 0 {
		c.Patience = 50 * time.Millisecond
	}
	if c.Lease == 0 {
		c.Lease = 90 * time.Second
	}
	if c.clock == "" {
		c.clock = luaFile("clock")
	}
	return c
}

// Redis is a Store and Budgets that any number of relays share. While Redis is away each relay decides alone, by
// what it has seen; when it is back it is told what runs, what has ended and what was spent in that time.
type Redis struct {
	// Static.
	link       *link
	admissions *admissions
	budgets    *redisBudgets
	keeper     *keeper
	stop       context.CancelFunc
	running    sync.WaitGroup // the keeper, which is the one goroutine
}

// NewRedis shares the Redis of a client, which must heed deadlines: ContextTimeoutEnabled. It does not wait for
// Redis. Close ends it; the client is the caller's.
func NewRedis(cfg RedisConfig, client redis.UniversalClient) (*Redis, error) {
	if !heedsDeadlines(client) {
		return nil, errors.New("the Redis client ignores deadlines: set ContextTimeoutEnabled")
	}
	cfg = cfg.withDefaults()
	l := &link{
		client: client, patience: cfg.Patience, onAway: cfg.OnAway, onBack: cfg.OnBack, lost: make(chan struct{}, 1),
	}
	s, keys := newScripts(cfg.clock), keyspace{cfg.Prefix}
	hurry := make(chan struct{}, 1)
	ctx, stop := context.WithCancel(context.Background())
	a := &admissions{
		link: l, scripts: s, keys: keys, secret: &secret{key: keys.secret()}, holder: holder{cfg.Relay, rand.Text()}, lease: cfg.Lease, hurry: hurry, maxKeys: maxKeysPerTenant,
		local: NewMemory(), held: make(map[string]map[string]*lease), unheard: make(map[string]map[string]*lease),
	}
	b := &redisBudgets{
		link: l, scripts: s, keys: keys, epoch: rand.Text(), relay: cfg.Relay, lease: cfg.Lease, local: NewMemoryBudgets(cfg.Earlier),
		recorded: cfg.Recorded, news: make(map[account]struct{}), wake: make(chan struct{}, 1),
	}
	k := &keeper{link: l, admissions: a, budgets: b, period: cfg.Lease / 3, onStill: cfg.OnStillAway, hurry: hurry}
	if cfg.Relay != "" {
		k.former = slices.Clone(cfg.Tenants)
	}
	r := &Redis{link: l, admissions: a, budgets: b, keeper: k, stop: stop}
	r.running.Go(func() { k.keep(ctx) })
	return r, nil
}

// heedsDeadlines reports whether a client's reads and writes end with their context.
func heedsDeadlines(client redis.UniversalClient) bool {
	switch c := client.(type) {
	case *redis.Client:
		return c.Options().ContextTimeoutEnabled
	case *redis.ClusterClient:
		return c.Options().ContextTimeoutEnabled
	}
	return true // somebody's own, who must know
}

// Admit implements Store. It waits for Redis at most as long as its patience is.
func (r *Redis) Admit(ctx context.Context, a Admission) (Grant, error) {
	return r.admissions.admit(ctx, a)
}

// Balance implements Budgets. While Redis is away it is what this relay knows.
func (r *Redis) Balance(ctx context.Context, of Owner, b Budget) (Balance, error) {
	return r.budgets.balance(ctx, of, b)
}

// Open implements Budgets. It waits for Redis at most as long as its patience is.
func (r *Redis) Open(ctx context.Context, e Expense) (Reservation, error) {
	return r.budgets.open(ctx, e)
}

// Interrupted counts what a generation cost its owner that an earlier start of this relay left behind, to the day when it was
// admitted, and gives back what it had set aside.
func (r *Redis) Interrupted(ctx context.Context, of Owner, recordID string, admitted time.Time, spent Spent) error {
	return r.budgets.interrupted(ctx, of, recordID, day(admitted), spent)
}

// Claim has this relay be the one that tells of a crossing. It reports false if another relay has told of it, or is about to.
// The error is ErrAway.
func (r *Redis) Claim(ctx context.Context, c Crossing) (bool, error) { return r.budgets.claim(ctx, c) }

// Away reports whether this relay decides alone for now.
func (r *Redis) Away() bool { return r.link.isAway() }

// AwaySince is since when this relay decides alone; zero: it does not.
func (r *Redis) AwaySince() time.Time { return r.link.awaySince() }

// Close stops renewing what this relay holds, after Redis was told what has ended, for as long as ctx allows.
func (r *Redis) Close(ctx context.Context) error {
	r.stop()
	r.running.Wait()
	if err := r.admissions.tell(ctx, r.link.askBatch); err != nil {
		return fmt.Errorf("tell Redis what has ended: %w", err)
	}
	if err := r.budgets.tellNews(ctx, r.link.askBatch); err != nil {
		return fmt.Errorf("tell Redis what was spent: %w", err)
	}
	return nil
}
