package main

import (
	"context"
	"crypto/sha256"
	"os"
	"runtime/debug"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"

	"voicerelay/audio/codec"
	"voicerelay/awake"
	"voicerelay/billing"
	"voicerelay/config"
	"voicerelay/events"
	"voicerelay/relay/trace"
	"voicerelay/server"
	"voicerelay/server/live"
	"voicerelay/tracing"
)

// process is a relay that serves.
type process struct {
	// Static after start.
	url         string
	failed      chan error // a listener that broke
	server      *server.Server
	awake       *awake.Clock
	memory      memoryLimits
	certificate *certificate             // nil: none
	keepPrices  func(*billing.PriceList) // has the ledger know a price list before entries name it
	metrics     *processMetrics
	journal     *events.Journal
	useSinks    func(context.Context, *config.Settings) error // sends events to the sinks of settings
	extras

	loaded atomic.Pointer[server.Configuration] // as operators see it

	// Owned by wait once it is called.
	stop     stopper
	settings *config.Settings // in force
	speakers providerSet
	encoders *codec.Set
	retired  <-chan struct{} // closed once the providers and encoders of former settings are
}

// extras are what a relay may have besides its settings: a tracer, and where its vendors are emulated a demo; nil: it has not.
type extras struct {
	tracer *tracing.Tracer
	demo   server.Demo
}

// watch has the server look after its stores until the process stops.
func (p *process) watch(ctx context.Context) {
	p.beside(ctx, "watch", p.server.Watch)
	p.beside(ctx, "live", p.server.RunLive)
}

// identity is what operators know this relay by.
func identity(name string) live.Identity {
	host, _ := os.Hostname() // without one it is known by its name alone
	info, _ := debug.ReadBuildInfo()
	return live.Identity{Name: name, Host: host, Version: buildOf(info, stampedVersion, stampedRevision).version}
}

// stayAwake has pauses of the process be known until it stops.
func (p *process) stayAwake(ctx context.Context, log zerolog.Logger) {
	p.beside(ctx, "clock", func(ctx context.Context) {
		p.awake.Run(ctx, func(lasted time.Duration) {
			log.Warn().Dur("lasted_ms", lasted).Msg("this process did not run: its machine was stopped, or has too much to do")
		})
	})
}

// shownBy is what shows generations; nil: nothing does.
func (p *process) shownBy() trace.Tracer {
	if p.tracer == nil {
		return nil
	}
	return p.tracer
}

// pushTracer has the spans that wait be sent once the last generation has ended. That none takes them is no fault of the stop.
func (p *process) pushTracer(log zerolog.Logger) {
	if p.tracer == nil {
		return
	}
	p.stop.push("traces", tracePatience, func(ctx context.Context) error {
		if err := p.tracer.Shutdown(ctx); err != nil {
			log.Warn().Err(err).Msg("spans were lost with the stop")
		}
		return nil
	})
}

// beside runs f in parallel to everything else, until the step of that name ends its context.
func (p *process) beside(ctx context.Context, name string, f func(context.Context)) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	over := make(chan struct{})
	go func() { // ends with the step below, which waits for it
		defer close(over)
		f(ctx)
	}()
	p.stop.push(name, time.Second, func(context.Context) error {
		cancel()
		<-over
		return nil
	})
}

// relayConfig is what clients may do, as the server takes it.
func (p *process) relayConfig(s *config.Settings) server.Config {
	cfg := server.Config{
		Hosts: s.Hosts, Origins: s.Origins, Proxies: s.Proxies, Local: s.Local.Key,
		MaxConnections: s.Limits.MaxConnections, MaxConnectionsPerTenant: s.Limits.MaxConnectionsPerTenant,
		MemoryLimit: p.memory.apply(s.MemoryLimit), Console: s.Console, Dialects: dialectSettings(s), ProviderBudgets: s.ProviderBudgets(),
	}
	for _, k := range s.Keys {
		key := k.Key
		cfg.Keys = append(cfg.Keys, key)
		if k.NextHash != [sha256.Size]byte{} {
			key.Hash, key.Next, key.Expires = k.NextHash, true, time.Time{}
			cfg.Keys = append(cfg.Keys, key)
		}
	}
	return cfg
}
