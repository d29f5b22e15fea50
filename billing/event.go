package billing

import (
	"encoding/json"
	"time"
)

// EventType is what kind of thing has happened, by the name that receivers know it by.
type EventType string

// The types of events.
const (
	GenerationEnded EventType = "generation.ended"
	BudgetThreshold EventType = "budget.threshold"
	CircuitOpened   EventType = "circuit.opened"
	CircuitClosed   EventType = "circuit.closed"
	RelayDegraded   EventType = "relay.degraded"
	RelayRecovered  EventType = "relay.recovered"
)

// EventTypes are all that there are.
func EventTypes() []EventType {
	return []EventType{GenerationEnded, BudgetThreshold, CircuitOpened, CircuitClosed, RelayDegraded, RelayRecovered}
}

// Event is something that has happened, for those who want to be told.
type Event struct {
	// N orders the events of a ledger, from 1, with gaps.
	N int64
	// ID is the same whenever the event is sent. Of GenerationEnded it is the record's.
	ID   string
	Type EventType
	// Subject is whom it is about: a tenant, a provider, a relay.
	Subject string
	Time    time.Time
	// Data is a JSON object; nil for GenerationEnded, which has a Record.
	Data   json.RawMessage
	Record *Record
}

// Sink is who is told of events, as far as a ledger knows.
type Sink struct {
	// Name is what its place in the events is kept by.
	Name  string
	Types []EventType
}
