package server

import (
	"fmt"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"voicerelay/downstream"
	"voicerelay/limits"
	"voicerelay/relay"
	"voicerelay/relay/metrics"
	"voicerelay/relay/providers"
	"voicerelay/server/live"
	"voicerelay/server/usage"
)

// New is a server that is ready to take clients.
func New(cfg Config, parts Parts) (*Server, error) {
	srv := &Server{
		refusedFrom: newRefusedAddresses(),
		failures:    newFailures(time.Now()),
		awake:       parts.Awake,
		memory:      newMemory(),
		registry:    parts.Registry,
		dialects:    parts.Dialects,
		log:         parts.Log,
		clients:     make(map[downstream.Client]struct{}),
	}
	srv.answerFrom(parts)
	if srv.configuration = parts.Configuration; srv.configuration == nil {
		srv.configuration = func() Configuration { return Configuration{} }
	}
	srv.alertBy(parts.Alert)
	if parts.Ledger != nil {
		parts.Ledger = watchedLedger{parts.Ledger, srv.failures}
	}
	srv.metrics = metrics.New(parts.Registry)
	srv.engine = relay.NewEngine(relay.EngineParts{
		Store: parts.Store, Budgets: srv.watched(parts.Budgets), Ledger: parts.Ledger, Awake: parts.Awake,
		Metrics: srv.metrics, Tracer: parts.Tracer, Circuits: parts.Circuits, Conversations: parts.Conversations, Log: parts.Log, OnRefusal: srv.failures.refused,
	})
	set := srv.newSetup(cfg, parts)
	srv.watchOver(set.bounded)
	set.Bound(set.tenants() > 1)
	srv.limitMemory(cfg.MemoryLimit)
	srv.gate = limits.NewConnections(set.connectionBounds(cfg))
	srv.setup.Store(set)
	srv.emulated = parts.Demo
	if parts.Reports == nil {
		parts.Reports = usage.None{}
	}
	srv.usage = usage.New(ownRelay{srv}, parts.Reports, parts.Log)
	srv.live = live.New(live.Parts{
		Relay: ownRelay{srv}, Engine: srv.engine, Recent: srv.metrics.Recent(), Reports: parts.Reports, Peers: parts.Peers, Identity: parts.Identity,
		Log: parts.Log,
	})
	srv.metrics.Expect(set.expected())
	for _, c := range srv.collectors() {
		if err := parts.Registry.Register(c); err != nil {
			return nil, fmt.Errorf("register metrics: %w", err)
		}
	}
	return srv, nil
}

// newSetup is what a configuration comes to.
func (srv *Server) newSetup(cfg Config, parts Parts) *setup {
	return &setup{
		Setup: srv.engine.NewSetup(providers.Config{
			Table: parts.Table, Providers: parts.Providers, Circuit: parts.Circuit, Prices: parts.Prices,
			Spent: func(provider string) bool { return srv.watch.Empty(limits.Owner{Provider: provider}) },
		}),
		keys:     cfg.Keys,
		local:    cfg.Local,
		hosts:    cfg.Hosts,
		origins:  cfg.Origins,
		proxies:  cfg.Proxies,
		quotas:   newQuotas(cfg),
		dialects: cfg.Dialects,
		codecs:   parts.Codecs,
		console:  cfg.Console,
		uses:     newKeyUses(cfg),
		bounded:  boundedBy(cfg),
		over:     make(chan struct{}),
	}
}

// collectors are the metrics that are looked up when they are asked for.
func (srv *Server) collectors() []prometheus.Collector {
	return []prometheus.Collector{
		metrics.NewProviders(func() []metrics.Provider { return srv.setup.Load().States() }), newKeyCollector(srv.setup.Load), srv.memoryMetrics(),
		newBudgetCollector(func() []limits.Bounded { return srv.setup.Load().bounded }, srv.budgets), srv.alerts,
	}
}

// limitMemory has all that depends on it go by a memory limit; 0: there is none.
func (srv *Server) limitMemory(bytes int64) {
	srv.memory.limit.Store(bytes)
	srv.backlog.LimitTo(bytes)
}

// answerFrom notes who knows balances and how the stores do. If nobody does, nothing was spent and all is well.
func (srv *Server) answerFrom(parts Parts) {
	srv.lists = parts.PriceLists
	if srv.budgets = parts.Budgets; srv.budgets == nil {
		srv.budgets = limits.NewMemoryBudgets(nil)
	}
	if srv.standing = parts.Standing; srv.standing == nil {
		srv.standing = func() Standing { return Standing{} }
	}
}

// memoryMetrics is how near the process is to its memory limit.
func (srv *Server) memoryMetrics() metrics.Memory {
	return metrics.Memory{
		Pressure: func() int64 { return int64(srv.memory.pressure()) },
		Limit:    srv.memory.limit.Load,
		Waiting:  srv.backlog.Waiting,
	}
}
