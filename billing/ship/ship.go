package ship

import (
	"cmp"
	"context"
	_ "embed"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/rs/zerolog"

	"voicerelay/billing"
)

// Outbox is a ledger as far as shipping needs it.
type Outbox interface {
	// Unshipped lists records of an epoch and tenant with the lowest numbers above after, ascending, at most limit.
	Unshipped(ctx context.Context, epoch, tenant string, after int64, limit int) ([]billing.Numbered, error)
	// Tails lists every epoch and tenant that has records.
	Tails(ctx context.Context) ([]billing.Tail, error)
	// OldestOpen is the earliest admission among the generations that are not closed yet; ok is false where there are none.
	OldestOpen(ctx context.Context) (admitted time.Time, ok bool, err error)
}

// Config is what a Shipper is made with.
type Config struct {
	// Relay names the ledger: the same at each start on the same file, and no other ledger's. The heartbeat contains it.
	Relay string
	// Epoch is the ledger's present one.
	Epoch string
	// Retention is how long Redis keeps records and sums, from the hour of admission. Default 400 days. Where the relays of
	// one Redis differ, the shortest counts.
	Retention time.Duration
	// CheckEvery is how often all marks are read again. Default a minute.
	CheckEvery time.Duration
	// BeatEvery is how often the heartbeat is written, and what was missed is looked for. Default 10 s; a heartbeat counts
	// as old after 30 s.
	BeatEvery time.Duration
	// Timeout bounds each call to Redis. Default 2 s.
	Timeout time.Duration
	// RunSize is the most records that one script applies. Default 256, which takes Redis some 3 ms.
	RunSize int
	// Ledger is the one that is shipped, where it is to be completed from Redis after a crash or a restoration; nil: it is
	// only read.
	Ledger Ledger
	// Log gets a line when shipping fails, and one when it goes on.
	Log zerolog.Logger
}

const (
	defaultRetention  = 400 * 24 * time.Hour
	defaultCheckEvery = time.Minute
	defaultBeatEvery  = 10 * time.Second
	defaultTimeout    = 2 * time.Second
	defaultRunSize    = 256

	// gather is the pause between live runs, so that one takes all records that ended in that time.
	gather = 50 * time.Millisecond
	// After a failure the next try comes in firstRetry, then in twice the time before, up to lastRetry.
	firstRetry = 100 * time.Millisecond
	lastRetry  = 5 * time.Second
	// losses is how often All starts again when Redis loses what it had in the midst of it.
	losses = 3
	// ledgerTimeout bounds each read of the ledger.
	ledgerTimeout = 30 * time.Second
)

func (c Config) withDefaults() Config {
	c.Retention = cmp.Or(c.Retention, defaultRetention)
	c.CheckEvery = cmp.Or(c.CheckEvery, defaultCheckEvery)
	c.BeatEvery = cmp.Or(c.BeatEvery, defaultBeatEvery)
	c.Timeout = cmp.Or(c.Timeout, defaultTimeout)
	c.RunSize = cmp.Or(c.RunSize, defaultRunSize)
	return c
}

//go:embed apply.lua
var applySource string

// Shipper brings one ledger's records to Redis.
type Shipper struct {
	// Static after New.
	cfg         Config
	out         Outbox
	rdb         redis.UniversalClient
	apply, beat *redis.Script
	wake        chan struct{} // holds one token
	ledger      Ledger        // nil: none
	reports     *Reports

	unshipped atomic.Int64
	offset    atomic.Int64 // nanoseconds that this machine's clock is ahead of Redis'

	mu    sync.Mutex
	woken map[string]bool // guarded by mu: tenants with new records; bounded by the tenants there are

	// Owned by the goroutine that is in Run, All or Finish.
	marks         map[stream]int64 // what Redis has, as far as is known
	tails         map[stream]int64 // what the ledger has, as far as is known
	checkedAt     time.Time        // when all marks were read; zero: they must be
	oldest        time.Time        // no record that Redis lacks was admitted before; zero: any may be lacking
	lastBeat      string           // the heartbeat as it stands in Redis
	recovered     bool             // the ledger has what Redis has of it, and nothing of earlier starts is open
	toldOfClock   time.Time        // when the log had a line that clocks are apart
	troubled      bool             // the log has a line that recovering failed
	watched       time.Duration    // for how long, by rounds of a second, it was watched whether one does
	originalInUse bool             // another relay writes heartbeats in this one's name
}

// New is a shipper of the records of out. The client's options must have ContextTimeoutEnabled.
func New(cfg Config, out Outbox, rdb redis.UniversalClient) *Shipper {
	cfg = cfg.withDefaults()
	return &Shipper{
		cfg:     cfg,
		out:     out,
		rdb:     rdb,
		ledger:  cfg.Ledger,
		reports: NewReports(rdb, cfg.Timeout),
		apply:   redis.NewScript(applySource),
		beat:    redis.NewScript(beatSource),
		wake:    make(chan struct{}, 1),
		woken:   make(map[string]bool),
		marks:   make(map[stream]int64),
		tails:   make(map[stream]int64),
	}
}

// Wake says that a record of the tenant, in the present epoch, was closed. It never waits. Records for which the
// shipper was not woken are found at the next heartbeat.
func (s *Shipper) Wake(tenant string) {
	s.mu.Lock()
	s.woken[tenant] = true
	s.mu.Unlock()
	select {
	case s.wake <- struct{}{}:
	default: // one is there already
	}
}

// takeWoken are the streams that Wake named since the last time.
func (s *Shipper) takeWoken() []stream {
	s.mu.Lock()
	defer s.mu.Unlock()
	var streams []stream
	for tenant := range s.woken {
		streams = append(streams, stream{s.cfg.Epoch, tenant})
	}
	clear(s.woken)
	return streams
}

// Unshipped is how many records Redis lacks, as of the last heartbeat that was tried.
func (s *Shipper) Unshipped() int64 { return s.unshipped.Load() }

// Run ships until ctx ends. It is called once.
func (s *Shipper) Run(ctx context.Context) {
	next := time.NewTimer(0)
	defer next.Stop()
	failures, warned := 0, false
	for {
		var err error
		select {
		case <-ctx.Done():
			return
		case <-next.C:
			err = s.round(ctx)
			next.Reset(s.untilNext())
			if err == nil && !warned {
				s.warnOfEviction(ctx)
				warned = true
			}
		case <-s.wake:
			if failures > 0 {
				continue // the next round takes it
			}
			err = s.ship(ctx, s.takeWoken())
		}
		if failures = s.note(ctx, err, failures); failures > 0 {
			s.checkedAt = time.Time{} // it may be another server that answers next
			next.Reset(retryIn(failures))
		}
		pause(ctx, gather)
	}
}

// note logs the first of several failures, and their end. It returns the number of failures in a row.
func (s *Shipper) note(ctx context.Context, err error, failures int) int {
	switch {
	case err == nil && failures > 0:
		s.cfg.Log.Info().Int("failures", failures).Msg("usage records are shipped again")
		return 0
	case err == nil || ctx.Err() != nil:
		return 0
	case failures == 0:
		s.cfg.Log.Warn().Err(err).Msg("usage records are not shipped")
	}
	return failures + 1
}

// untilNext is the time to the next round: shorter as long as the ledger is not completed, but for a relay that has been
// running on the original for long.
func (s *Shipper) untilNext() time.Duration {
	switch {
	case s.ledger == nil || s.recovered:
		return s.cfg.BeatEvery
	case s.originalInUse && s.watched >= 2*originalPatience:
		return s.cfg.BeatEvery
	case s.originalInUse:
		s.watched += recoverAgain
	}
	return min(recoverAgain, s.cfg.BeatEvery)
}

// recoverAgain is the pause before the ledger is tried to be completed again.
const recoverAgain = time.Second

func retryIn(failures int) time.Duration {
	return min(firstRetry<<min(failures-1, 10), lastRetry)
}

func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}

// All ships everything that the ledger has, once, and returns when Redis has it. It writes no heartbeat, and does no harm
// while another process ships the same ledger. It must not run at the same time as Run.
func (s *Shipper) All(ctx context.Context) error {
	defer s.count()
	var err error
	for range losses {
		if err = s.shipAll(ctx); !errors.Is(err, errLost) {
			break
		}
	}
	return err
}

func (s *Shipper) shipAll(ctx context.Context) error {
	if err := s.readTails(ctx); err != nil {
		return err
	}
	if err := s.check(ctx); err != nil {
		return err
	}
	return s.ship(ctx, s.lagging())
}

// Finish is called after Run has returned and the last record was closed: it ships what is left and takes the heartbeat
// away, so that reports don't wait for this relay. Where it fails the heartbeat stays, and says so.
func (s *Shipper) Finish(ctx context.Context) error {
	recovering := s.recover(ctx)
	if err := errors.Join(recovering, s.All(ctx)); err != nil {
		return err
	}
	return Forget(ctx, s.rdb, s.cfg.Relay)
}
