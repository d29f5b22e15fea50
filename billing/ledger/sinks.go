package ledger

import (
	"slices"
	"time"

	"voicerelay/billing"
)

// Events is what is kept for sinks of events.
type Events struct {
	Sinks []billing.Sink
	// Keep is how long an event is kept for a sink that does not take it, beyond the retention of records if need be; 0: 30 days.
	Keep time.Duration
	// Most is how many events are kept; 0: a million.
	Most int64
}

func (e Events) withDefaults() Events {
	if e.Keep == 0 {
		e.Keep = 30 * 24 * time.Hour
	}
	if e.Most == 0 {
		e.Most = 1_000_000
	}
	return e
}

// wants reports whether any sink wants events of a type. The others are not kept.
func (e *Events) wants(t billing.EventType) bool {
	return slices.ContainsFunc(e.Sinks, func(s billing.Sink) bool { return slices.Contains(s.Types, t) })
}
