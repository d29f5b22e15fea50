package main

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"

	"voicerelay/billing"
	"voicerelay/billing/ledger"
	"voicerelay/config"
	"voicerelay/events"
	"voicerelay/limits"
	"voicerelay/routing"
	"voicerelay/server"
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
	p.happened = &happenings{relay: name, journal: events.NewJournal(l, log)}
	sinks, err := events.New(events.Config{Relay: name, Outbox: l, Record: server.DescribeRecord, Registry: registry, Log: log})
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
	p.beside(ctx, "journal", p.happened.journal.Run)
	return p.useSinks(ctx, s)
}

// happenings are what happens to this relay, as events.
type happenings struct {
	relay   string // its name
	journal *events.Journal
}

// circuitData is what is told of a circuit.
type circuitData struct {
	Provider string  `json:"provider"`
	Model    *string `json:"model"` // null: the vendor has none
}

// circuitChanged tells of a circuit that opens or closes.
func (h *happenings) circuitChanged(t routing.Target, state routing.State) {
	data := circuitData{Provider: t.Provider}
	if t.Model != "" {
		data.Model = &t.Model
	}
	switch state {
	case routing.Open:
		h.journal.Note(billing.CircuitOpened, t.Provider, data)
	case routing.Closed:
		h.journal.Note(billing.CircuitClosed, t.Provider, data)
	}
}

// degradedData is what is told of a relay that works with less than it should have.
type degradedData struct {
	Relay string `json:"relay"`
	// Reason is store_away: what relays share can't be reached; or ledger_unwritable: nothing is admitted.
	Reason string `json:"reason"`
	// LastedMS is how long it was so; 0 while it is.
	LastedMS int64 `json:"lasted_ms,omitempty"`
}

// Why a relay is degraded.
const (
	storeIsAway      = "store_away"
	ledgerUnwritable = "ledger_unwritable"
)

func (h *happenings) degraded(reason string) {
	h.journal.Note(billing.RelayDegraded, h.relay, degradedData{Relay: h.relay, Reason: reason})
}

func (h *happenings) recovered(reason string, lasted time.Duration) {
	h.journal.Note(billing.RelayRecovered, h.relay, degradedData{h.relay, reason, lasted.Milliseconds()})
}

// thresholdData is what is told of a budget that is spent so far. Amounts are decimals.
type thresholdData struct {
	Scope    string    `json:"scope"` // tenant, key or provider
	Tenant   string    `json:"tenant,omitempty"`
	Key      string    `json:"key,omitempty"`
	Provider string    `json:"provider,omitempty"`
	Period   string    `json:"period"` // day or month, UTC
	Currency string    `json:"currency"`
	AlertAt  float64   `json:"alert_at"` // 1: all of it
	Limit    string    `json:"limit"`
	Spent    string    `json:"spent"`
	ResetsAt time.Time `json:"resets_at"`
}

// toldFor is how long it is remembered beyond the period that a threshold was told: clocks may differ.
const toldFor = time.Hour

// tellThresholds has the ledger keep that a threshold was passed, once a period; claim asks whether this relay is the one to tell,
// nil: there are no others.
func tellThresholds(l *ledger.Ledger, claim func(ctx context.Context, c limits.Crossing) (bool, error)) func(context.Context, limits.Crossing) (bool, error) {
	return func(ctx context.Context, c limits.Crossing) (bool, error) {
		if claim != nil {
			mine, err := claim(ctx, c)
			if err == nil && !mine { // after an error each relay tells: rather twice than never
				return false, nil
			}
		}
		amount := func(micros int64) string { return billing.Money{Micros: micros, Currency: c.Currency}.Amount() }
		subject := c.Owner.Tenant
		if c.Owner.Provider != "" {
			subject = c.Owner.Provider
		}
		e, err := events.NewEvent(c.ID(), billing.BudgetThreshold, subject, thresholdData{
			Scope: c.Owner.Scope(), Tenant: c.Owner.Tenant, Key: c.Owner.Key, Provider: c.Owner.Provider, Period: string(c.Period),
			Currency: c.Currency, AlertAt: c.At.Float(), Limit: amount(c.Most), Spent: amount(c.Spent), ResetsAt: c.Anew.UTC(),
		})
		if err != nil {
			return false, err
		}
		return l.Publish(ctx, e, c.Anew.Add(toldFor))
	}
}
