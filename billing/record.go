package billing

import "time"

// Outcome says how a generation or an attempt ended.
type Outcome string

// The outcomes. Hedged and Superseded are of attempts only.
const (
	Completed   Outcome = "completed"
	Cancelled   Outcome = "cancelled"
	Failed      Outcome = "failed"
	Interrupted Outcome = "interrupted" // by a crash of the relay
	Hedged      Outcome = "hedged"      // lost the race
	Superseded  Outcome = "superseded"  // spoken again by another voice
)

// Outcomes lists them.
func Outcomes() []Outcome {
	return []Outcome{Completed, Cancelled, Failed, Interrupted, Hedged, Superseded}
}

// Record is what is kept of a generation.
type Record struct {
	// ID is the relay's own, unique over all relays; GenerationID is the client's.
	ID, GenerationID string
	// Tenant owns the record; Key is the name of the API key, never the key itself.
	Tenant, Key string
	// SessionID is the connection's; ContextID is the client's, or empty.
	SessionID, ContextID string
	// Route is the route's name as resolved.
	Route string
	// AdmittedAt says to which day a generation belongs.
	AdmittedAt, EndedAt time.Time
	// Characters and Bytes measure the client's text, which is what was asked for: code points, and UTF-8.
	Characters, Bytes int64
	// Spoken is how many of the characters the audio reached that the client got; 0 where that is not known.
	Spoken int64
	// Audio is what was sent to the client.
	Audio   time.Duration
	Outcome Outcome
	// Code is the protocol's error code where the outcome is Failed.
	Code string
	// PriceList is the hash of the price list that was in force.
	PriceList string
	// Attempts are in the order in which they started.
	Attempts []Attempt
	// Metadata is the client's own.
	Metadata map[string]string
}

// Attempt is one try at one provider.
type Attempt struct {
	Provider string
	// Model is empty where the vendor has none; Voice is the vendor's id.
	Model, Voice       string
	StartedAt, EndedAt time.Time
	Outcome            Outcome
	// Code is the kind of failure, and Message what happened in the relay's own words, where it failed.
	Code, Message string
	// UpstreamID is by what the vendor's support finds the attempt: visible ASCII; empty where the vendor has no name for it, or a
	// crash came before the end.
	UpstreamID string
	// Usage is what was sent to the vendor and received from it.
	Usage
	Cost Cost
	// UnitPrice is the one that Cost is made of, where it is of the price list. It is known of records that a store answers with, and
	// stored nowhere: AddUnitPrices finds it.
	UnitPrice UnitPrice
}

// UnitPrice is what one of a unit cost.
type UnitPrice struct {
	// Amount is a decimal in whole units of the currency.
	Amount, Currency string
	Unit             Unit
	// OutputAmount is of a token of audio; empty: the unit is no token.
	OutputAmount string
}

// String is the price as tables have it: 0.000150/character, 0.0000006+0.000012/token.
func (p UnitPrice) String() string {
	if p.OutputAmount != "" {
		return p.Amount + "+" + p.OutputAmount + "/" + string(p.Unit)
	}
	return p.Amount + "/" + string(p.Unit)
}

// Known is what costs come to, as far as they are known, in micros by currency.
func Known(costs []Cost) map[string]int64 {
	known := make(map[string]int64)
	for _, c := range costs {
		if c.Known() {
			known[c.Money.Currency] += c.Money.Micros
		}
	}
	return known
}

// SpentAt is what is known of what the attempts cost at each provider, in micros by currency.
func (r *Record) SpentAt() map[string]map[string]int64 {
	costs := make(map[string][]Cost)
	for _, a := range r.Attempts {
		costs[a.Provider] = append(costs[a.Provider], a.Cost)
	}
	spent := make(map[string]map[string]int64, len(costs))
	for provider, all := range costs {
		spent[provider] = Known(all)
	}
	return spent
}

// Cost is the sum of what the attempts cost.
func (r *Record) Cost() []Cost {
	costs := make([]Cost, len(r.Attempts))
	for i := range r.Attempts {
		costs[i] = r.Attempts[i].Cost
	}
	return Sum(costs)
}
