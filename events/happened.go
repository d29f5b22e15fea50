package events

import (
	"context"
	"time"

	"voicerelay/billing"
	"voicerelay/limits"
)

// circuitData is what is told of a circuit.
type circuitData struct {
	Provider string  `json:"provider"`
	Model    *string `json:"model"` // null: the vendor has none
}

// Circuit notes that the circuit of a target has opened, or closed; model is empty if the vendor has none.
func (j *Journal) Circuit(provider, model string, open bool) {
	data, t := circuitData{Provider: provider}, billing.CircuitClosed
	if model != "" {
		data.Model = &model
	}
	if open {
		t = billing.CircuitOpened
	}
	j.Note(t, provider, data)
}

// Degradation is why a relay works with less than it should have, in the events' words.
type Degradation string

// The degradations there are.
const (
	StoreAway        Degradation = "store_away"        // what relays share can't be reached
	LedgerUnwritable Degradation = "ledger_unwritable" // nothing is admitted
)

// degradedData is what is told of it.
type degradedData struct {
	Relay  string      `json:"relay"`
	Reason Degradation `json:"reason"`
	// LastedMS is how long it was so; null while it is.
	LastedMS *int64 `json:"lasted_ms,omitempty"`
}

// Degraded notes that this relay is degraded from now on.
func (j *Journal) Degraded(why Degradation) {
	j.Note(billing.RelayDegraded, j.relay, degradedData{Relay: j.relay, Reason: why})
}

// Recovered notes that it is so no more.
func (j *Journal) Recovered(why Degradation, lasted time.Duration) {
	j.Note(billing.RelayRecovered, j.relay, degradedData{j.relay, why, new(lasted.Milliseconds())})
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

// Claim asks whether this relay is the one to tell of a crossing, rather than another.
type Claim func(ctx context.Context, c limits.Crossing) (mine bool, err error)

// Thresholds keeps that a budget is spent so far, once a period; a nil claim: there are no other relays. What it returns reports whether
// it was the first time.
func Thresholds(keeper Keeper, claim Claim) func(ctx context.Context, c limits.Crossing) (first bool, err error) {
	return func(ctx context.Context, c limits.Crossing) (bool, error) {
		if claim != nil {
			if mine, err := claim(ctx, c); err == nil && !mine { // after an error each relay tells: rather twice than never
				return false, nil
			}
		}
		amount := func(micros int64) string { return billing.Money{Micros: micros, Currency: c.Currency}.Amount() }
		subject := c.Owner.Tenant
		if c.Owner.Provider != "" {
			subject = c.Owner.Provider
		}
		e, err := NewEvent(c.ID(), billing.BudgetThreshold, subject, thresholdData{
			Scope: c.Owner.Scope(), Tenant: c.Owner.Tenant, Key: c.Owner.Key, Provider: c.Owner.Provider, Period: string(c.Period),
			Currency: c.Currency, AlertAt: c.At.Float(), Limit: amount(c.Most), Spent: amount(c.Spent), ResetsAt: c.Anew.UTC(),
		})
		if err != nil {
			return false, err
		}
		return keeper.Publish(ctx, e, c.Anew.Add(toldFor))
	}
}
