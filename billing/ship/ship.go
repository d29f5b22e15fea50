package ship

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"
)

//go:embed apply.lua
var applySource string

//go:embed beat.lua
var beatSource string

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
	lists         map[string]bool  // price lists that Redis has, or that nobody has, as far as is known
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
		lists:   make(map[string]bool),
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

// errLost says that Redis has less than it had: everything must be looked at again.
var errLost = errors.New("redis lost usage records that it had")

func (s *Shipper) readTails(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, ledgerTimeout)
	defer cancel()
	tails, err := s.out.Tails(ctx)
	if err != nil {
		return fmt.Errorf("read tails: %w", err)
	}
	s.tails = make(map[stream]int64, len(tails))
	for _, t := range tails {
		s.tails[stream{t.Epoch, t.Tenant}] = t.Last
	}
	return nil
}

func (s *Shipper) count() {
	n := int64(0)
	for at, tail := range s.tails {
		n += max(tail-s.marks[at], 0)
	}
	s.unshipped.Store(n)
}
