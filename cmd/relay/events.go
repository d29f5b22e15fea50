package main

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"

	"voicerelay/billing/ledger"
	"voicerelay/config"
	"voicerelay/events"
	"voicerelay/routing"
	"voicerelay/server/usage"
)

// lastEvents is how long the stop waits for what sinks have yet to be sent: for a call under way, and for what is left.
const lastEvents = 8 * time.Second

// keptFor is what a ledger keeps for the sinks of settings.
func keptFor(s *config.Settings) ledger.Events { return ledger.Events{Sinks: events.Kept(s.Events)} }

// openEvents sends to sinks what the ledger has for them until the process stops, and has the ledger keep what else happens.
func (p *process) openEvents(ctx context.Context, s *config.Settings, l *ledger.Ledger, registry prometheus.Registerer, log zerolog.Logger) error {
	name, err := l.Relay(ctx)
	if err != nil {
		return err
	}
	log = log.With().Str("part", "events").Logger()
	p.journal = events.NewJournal(name, l, log)
	sinks, err := events.New(events.Config{Relay: name, Outbox: l, Record: usage.RecordJSON, Registry: registry, Log: log})
	if err != nil {
		return err
	}
	p.useSinks = func(ctx context.Context, s *config.Settings) error {
		return sinks.Use(ctx, s.Events, func(ctx context.Context) error { return l.UseSinks(ctx, keptFor(s)) })
	}
	p.stop.push("events", lastEvents, func(context.Context) error {
		sinks.Close()
		return nil
	})
	p.beside(ctx, "journal", p.journal.Run)
	return p.useSinks(ctx, s)
}

// circuitChanged has those who want events be told of a circuit that opens or closes.
func (p *process) circuitChanged(t routing.Target, state routing.State) {
	if state == routing.Open || state == routing.Closed {
		p.journal.Circuit(t.Provider, t.Model, state == routing.Open)
	}
}

// ledgerChanged has them be told that the ledger can't be written, or can again.
func (p *process) ledgerChanged(cause error, lasted time.Duration) {
	switch {
	case p.journal == nil: // before the start is over
	case cause != nil:
		p.journal.Degraded(events.LedgerUnwritable)
	default:
		p.journal.Recovered(events.LedgerUnwritable, lasted)
	}
}
