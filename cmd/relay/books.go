package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"
	"github.com/rs/zerolog"

	"voicerelay/billing"
	"voicerelay/billing/ledger"
	"voicerelay/billing/ship"
	"voicerelay/config"
	"voicerelay/events"
	"voicerelay/limits"
	"voicerelay/peers"
	"voicerelay/relay"
	"voicerelay/relay/conversations"
	"voicerelay/server"
	"voicerelay/server/live"
	"voicerelay/server/usage"
)

// How long stopping may take what only Redis misses: the ledger has it all, and the next start ships it.
const (
	lastShipment  = 3 * time.Second
	lastAgreement = time.Second
)

// books are where generations are recorded, and what tenants are held to. Without a Redis they are this relay's own.
type books struct {
	ledger  relay.Ledger
	reports usage.Reports
	lists   billing.PriceLists
	store   limits.Store
	budgets limits.Budgets
	alert   func(context.Context, limits.Crossing) (bool, error) // tells of a budget that is spent so far
	// standing tells how they do.
	standing func() server.Standing
	// name is this relay's, by its ledger; peers are the others on the same Redis, nil: there are none.
	name  string
	peers live.Peers
	// calls are the conversations that this relay knows of, or learns of from others; nil: its own alone.
	calls *conversations.Registry
}

// recoverPatience bounds how long a start waits for Redis where the one before left generations open: to hear what became of
// them is better done before new ones come, but not at any price.
const recoverPatience = time.Second

// openBooks opens the ledger, and begins to share it where a Redis is configured. Nothing else here waits for Redis.
func (p *process) openBooks(ctx context.Context, s *config.Settings, registry prometheus.Registerer, log zerolog.Logger) (*books, error) {
	commits := newCommits()
	l, err := ledger.Open(ctx, ledger.Config{
		Committed: func(took time.Duration) { commits.Observe(took.Seconds()) },
		Path:      s.Books.Ledger.Path,
		Retention: s.Books.Ledger.Retention,
		Prices:    s.Prices,
		AskFirst:  s.Books.Redis.URL != "",
		Events:    keptFor(s),
		Failing:   p.ledgerChanged,
		Log:       log.With().Str("store", "ledger").Logger(),
	})
	if err != nil {
		return nil, err
	}
	p.stop.push("ledger", ledgerPatience, l.Stop)
	p.keepPrices = l.UsePrices
	if err := registerLedger(registry, l, commits); err != nil {
		return nil, err
	}
	if err := p.openEvents(ctx, s, l, registry, log); err != nil {
		return nil, err
	}
	if s.Books.Redis.URL != "" {
		return p.shareBooks(ctx, s, l, registry, log.With().Str("store", "redis").Logger())
	}
	alone := sharedMetrics{
		away: prometheus.NewCounter(storeAway()), unshipped: func() int64 { return 0 }, awaySince: func() time.Time { return time.Time{} },
	}
	noOffset := func() time.Duration { return 0 }
	if err := errors.Join(alone.register(registry), registerClock(registry, noOffset)); err != nil {
		return nil, err
	}
	store, err := newLastingStore(ctx, l)
	if err != nil {
		return nil, err
	}
	name, err := l.Relay(ctx)
	if err != nil {
		return nil, err
	}
	return &books{
		name:     name,
		ledger:   l,
		reports:  l,
		lists:    l,
		store:    store,
		budgets:  limits.NewMemoryBudgets(spentBefore(l)),
		alert:    events.Thresholds(l, nil),
		standing: func() server.Standing { return server.Standing{Unrecorded: l.Available() != nil} },
	}, nil
}

// shareBooks has all relays on one Redis agree on limits, and ships what the ledger records to it.
func (p *process) shareBooks(ctx context.Context, s *config.Settings, l *ledger.Ledger, registry prometheus.Registerer, log zerolog.Logger) (*books, error) {
	options, err := config.ParseRedis(s.Books.Redis.URL)
	if err != nil {
		return nil, fmt.Errorf("redis.url: %w", err)
	}
	name, err := l.Relay(ctx)
	if err != nil {
		return nil, err
	}
	client := config.NewRedis(options, log)
	p.stop.push("redis", redisPatience, func(context.Context) error { return client.Close() })
	away := prometheus.NewCounter(storeAway())
	shared, err := limits.NewRedis(limits.RedisConfig{
		Relay:    name,
		Tenants:  s.Tenants(),
		Earlier:  spentBefore(l),
		Recorded: spentBefore(ship.NewReports(client, 0)),
		OnAway: func(err error) {
			away.Inc()
			log.Warn().Err(err).Msg("the store that relays share is away: this relay decides alone")
			p.journal.Degraded(events.StoreAway)
		},
		OnStillAway: func(err error, since time.Time) {
			log.Warn().Err(err).Time("since", since).Msg("the store that relays share is still away")
		},
		OnBack: func(gone time.Duration) {
			log.Info().Dur("away_ms", gone).Msg("the store that relays share is back")
			p.journal.Recovered(events.StoreAway, gone)
		},
	}, client)
	if err != nil {
		return nil, err
	}
	p.stop.push("shared limits", lastAgreement, func(ctx context.Context) error {
		if err := shared.Close(ctx); err != nil {
			log.Warn().Err(err).Msg("what this relay held is free once its lease is over")
		}
		return nil
	})
	shipper, err := p.startShipping(ctx, s, countingBooks{l, shared, log}, client, log)
	if err != nil {
		return nil, err
	}
	metrics := sharedMetrics{away: away, unshipped: shipper.Unshipped, awaySince: shared.AwaySince}
	if err := errors.Join(metrics.register(registry), registerClock(registry, shipper.ClockOffset)); err != nil {
		return nil, err
	}
	shipped := ship.NewReports(client, 0)
	calls := conversations.NewShared(client, log)
	p.stop.push("shared conversations", redisPatience, func(context.Context) error {
		calls.Close()
		return nil
	})
	return &books{
		name:    name,
		peers:   peers.New(client, name),
		calls:   &conversations.Registry{Shared: calls},
		ledger:  wakingLedger{l, shipper},
		reports: &sharedReports{all: shipped, own: l, away: shared.Away, log: log},
		lists:   billing.FirstOf(l, shipped),
		store:   shared,
		budgets: shared,
		alert:   events.Thresholds(l, shared.Claim),
		standing: func() server.Standing {
			return server.Standing{
				DegradedSince: shared.AwaySince(), Unrecorded: l.Available() != nil,
				Unshipped: shipper.Unshipped(), ClockOffset: shipper.ClockOffset(),
			}
		},
	}, nil
}

// startShipping keeps Redis in step with the ledger until the process stops, which ships what is left.
func (p *process) startShipping(ctx context.Context, s *config.Settings, l countingBooks, client redis.UniversalClient, log zerolog.Logger) (*ship.Shipper, error) {
	name, err := l.Relay(ctx)
	if err != nil {
		return nil, err
	}
	cfg := ship.Config{Relay: name, Epoch: l.Epoch(), Retention: s.Books.Redis.Retention, Ledger: l, Log: log}
	shipper := ship.New(cfg, l, client)
	recovering, recovered := context.WithTimeout(ctx, recoverPatience)
	shipper.Recover(recovering)
	recovered()
	running, cancel := context.WithCancel(context.WithoutCancel(ctx))
	over := make(chan struct{})
	go func() { // ends with the step below, which waits for it
		defer close(over)
		shipper.Run(running)
	}()
	p.stop.push("shipping", lastShipment, func(ctx context.Context) error {
		cancel()
		<-over
		if err := shipper.Finish(ctx); err != nil {
			log.Warn().Err(err).Int64("records", shipper.Unshipped()).Msg("the next start ships what is left")
		}
		return nil
	})
	return shipper, nil
}

// wakingLedger has records shipped as soon as they are closed.
type wakingLedger struct {
	*ledger.Ledger
	shipper *ship.Shipper
}

// Close closes a record, and wakes the shipper.
func (w wakingLedger) Close(ctx context.Context, r billing.Record) error {
	err := w.Ledger.Close(ctx, r)
	w.shipper.Wake(r.Tenant)
	return err
}

// summing answers with sums of closed records.
type summing interface {
	Sums(ctx context.Context, q billing.SumsQuery) (billing.Report, error)
}

// spentBefore tells budgets what records have of an owner's earlier spending.
func spentBefore(records summing) limits.Earlier {
	return func(ctx context.Context, of limits.Owner, currency string, from time.Time) (int64, error) {
		q := billing.SumsQuery{From: from, To: time.Now().Add(time.Hour), Tenant: of.Tenant}
		switch of.Scope() {
		case "key":
			q.GroupBy = []billing.Dimension{billing.ByKey}
		case "provider":
			q.GroupBy = []billing.Dimension{billing.ByProvider}
		}
		report, err := records.Sums(ctx, q)
		if err != nil {
			return 0, err
		}
		spent := int64(0)
		for _, g := range report.Groups {
			if g.Key != of.Key || g.Provider != of.Provider { // both are empty where it was not grouped by them
				continue
			}
			for _, m := range g.Cost {
				if m.Currency == currency {
					spent += m.Micros
				}
			}
		}
		return spent, nil
	}
}

func storeAway() prometheus.CounterOpts {
	return prometheus.CounterOpts{Name: "relay_store_away_total", Help: "Times that the shared store was away."}
}

// sharedMetrics are those of what relays share. They are there without it too.
type sharedMetrics struct {
	away      prometheus.Counter
	unshipped func() int64
	awaySince func() time.Time // zero: it is not
}

func (m sharedMetrics) register(registry prometheus.Registerer) error {
	lacking := prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "relay_unshipped_records", Help: "Usage records that Redis lacks.",
	}, func() float64 { return float64(m.unshipped()) })
	up := prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "relay_store_up", Help: "1, or 0 while the shared store is away and this relay decides alone.",
	}, func() float64 { return truth(m.awaySince().IsZero()) })
	for _, c := range []prometheus.Collector{m.away, lacking, up} {
		if err := registry.Register(c); err != nil {
			return fmt.Errorf("register metrics: %w", err)
		}
	}
	return nil
}
