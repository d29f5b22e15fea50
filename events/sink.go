package events

import (
	"slices"
	"time"

	"voicerelay/billing"
)

// Sink is where events are sent.
type Sink struct {
	// Name is what its place in the events is kept by, and what logs and metrics call it.
	Name string
	// URL is http or https. It may hold secrets, and reaches no log.
	URL string
	// Types are those that it wants; at least one.
	Types []billing.EventType
	// Secret signs each batch: whsec_ and base64; empty: none is signed.
	Secret string
	// Headers go with each batch.
	Headers map[string]string
	// Batch is how many events go together at most, and Wait how long the first waits for others.
	Batch int
	Wait  time.Duration
	// Timeout is how long the sink may take to answer.
	Timeout time.Duration
}

// Defaults of a sink: what a receiver takes in one transaction, so that it is told soon.
const (
	DefaultBatch   = 100
	DefaultWait    = time.Second
	DefaultTimeout = 10 * time.Second
)

// wants reports whether the sink wants events of a type.
func (s *Sink) wants(t billing.EventType) bool { return slices.Contains(s.Types, t) }

// Kept are sinks as the ledger knows them.
func Kept(sinks []Sink) []billing.Sink {
	kept := make([]billing.Sink, len(sinks))
	for i, s := range sinks {
		kept[i] = billing.Sink{Name: s.Name, Types: s.Types}
	}
	return kept
}
