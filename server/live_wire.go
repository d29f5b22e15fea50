package server

import (
	"cmp"
	"time"

	"voicerelay/billing"
	"voicerelay/relay/metrics"
	"voicerelay/relay/running"
)

// relayEntry is a relay as operators see it.
type relayEntry struct {
	Name   string `json:"name"`
	Status string `json:"status"`
	// SeenAt is when a relay that is gone last said how it does, of which the rest is not told.
	SeenAt string `json:"seen_at,omitempty"`
	*relayFacts
}

// relayFacts are what a relay says of itself.
type relayFacts struct {
	Host          string   `json:"host"`
	Version       string   `json:"version"`
	StartedAt     string   `json:"started_at"`
	DegradedSince *string  `json:"degraded_since"`
	Unshipped     int64    `json:"unshipped"`
	ClockOffsetMS int64    `json:"clock_offset_ms"`
	Active        int      `json:"active"`
	Connections   int      `json:"connections"`
	OpenCircuits  []string `json:"open_circuits"` // as provider or provider/model
}

// What is said of a relay's status, beside what /readyz says.
const (
	statusReady    = "ready"
	statusDraining = "draining"
	statusMemory   = "memory"
	statusGone     = "gone"
)

// liveGeneration is a generation under way as operators see it, without its text.
type liveGeneration struct {
	RecordID     string  `json:"record_id"`
	GenerationID string  `json:"generation_id"`
	ContextID    *string `json:"context_id"`
	SessionID    string  `json:"session_id"`
	Relay        string  `json:"relay"`
	Tenant       string  `json:"tenant"`
	Key          string  `json:"key"`
	Dialect      string  `json:"dialect"`
	Route        string  `json:"route"`
	// Provider is the one that speaks now, or else that was tried last; null: none yet.
	Provider   *string `json:"provider"`
	Model      *string `json:"model"`
	Attempts   int     `json:"attempts"`
	Characters int     `json:"characters"`
	SentMS     int64   `json:"sent_ms"`
	BeganAt    string  `json:"began_at"`
}

func liveGenerationOf(s running.Status, relay string) liveGeneration {
	optional := func(text string) *string {
		if text == "" {
			return nil
		}
		return &text
	}
	return liveGeneration{
		RecordID: s.RecordID, GenerationID: s.GenerationID, ContextID: optional(s.ContextID), SessionID: s.SessionID, Relay: relay,
		Tenant: s.Tenant, Key: s.Key, Dialect: cmp.Or(s.Dialect, "native"), Route: s.Route,
		Provider: optional(s.Provider), Model: optional(s.Model),
		Attempts: s.Attempts, Characters: s.Characters, SentMS: s.Sent.Milliseconds(), BeganAt: wireTime(s.Began),
	}
}

// liveNow is how all relays do.
type liveNow struct {
	Active      int `json:"active"`
	Connections int `json:"connections"`
	// WindowS is over how many seconds the following are.
	WindowS      int        `json:"window_s"`
	Generations  int        `json:"generations"`
	Failed       int        `json:"failed"`
	Rerouted     int        `json:"rerouted"`
	FirstAudioMS percentile `json:"first_audio_ms"`
	// Refusals are those of the last minute, by code.
	Refusals map[string]int `json:"refusals"`
}

// percentile has milliseconds; null where nothing was heard.
type percentile struct {
	P50 *int64 `json:"p50"`
	P95 *int64 `json:"p95"`
	P99 *int64 `json:"p99"`
}

func percentileOf(s *metrics.Spread) percentile {
	at := func(share float64) *int64 {
		d, ok := s.Quantile(share)
		if !ok {
			return nil
		}
		return new(d.Milliseconds())
	}
	return percentile{at(0.5), at(0.95), at(0.99)}
}

// liveTenant is how a tenant does at all relays.
type liveTenant struct {
	Name   string `json:"name"`
	Active int    `json:"active"`
	// Refusals are those of the last hour, by code.
	Refusals map[string]int `json:"refusals"`
}

// livePoint is one step of the charts.
type livePoint struct {
	At           string                 `json:"at"`
	Active       int                    `json:"active"`
	Generations  int                    `json:"generations"`
	Failed       int                    `json:"failed"`
	Rerouted     int                    `json:"rerouted"`
	FirstAudioMS percentile             `json:"first_audio_ms"`
	Refusals     map[string]int         `json:"refusals"`
	Providers    map[string]vendorPoint `json:"providers"`
}

// vendorPoint is one step of a provider's chart.
type vendorPoint struct {
	Attempts     int       `json:"attempts"`
	Failed       int       `json:"failed"`
	FirstAudioMS quantiles `json:"first_audio_ms"`
}

func livePointOf(p metrics.Point) livePoint {
	point := livePoint{
		At: wireTime(p.At), Active: p.Active, Generations: p.Generations, Failed: p.Failed, Rerouted: p.Rerouted,
		FirstAudioMS: percentileOf(&p.Callers), Refusals: p.Refusals, Providers: make(map[string]vendorPoint),
	}
	if point.Refusals == nil {
		point.Refusals = map[string]int{}
	}
	for name, v := range p.Vendors {
		first := percentileOf(&v.FirstAudio)
		point.Providers[name] = vendorPoint{Attempts: v.Attempts, Failed: v.Failed, FirstAudioMS: quantiles{first.P50, first.P95}}
	}
	return point
}

// liveToday is what was used since midnight, UTC.
type liveToday struct {
	Since    string `json:"since"`
	Complete bool   `json:"complete"`
	liveUsed
	Tenants   map[string]liveUsed `json:"tenants"`
	Providers map[string]liveUsed `json:"providers"`
}

// liveUsed is what was used. Count is generations, of providers attempts.
type liveUsed struct {
	Count int64     `json:"count"`
	Cost  []sumCost `json:"cost"`
}

func costsOf(cost []billing.Money) []sumCost {
	costs := []sumCost{}
	for _, m := range cost {
		costs = append(costs, sumCost{m.Amount(), m.Currency})
	}
	return costs
}

// relaySummary is what a relay tells the others.
type relaySummary struct {
	At    time.Time  `json:"at"`
	Relay relayFacts `json:"relay"`
	// Status is as relayEntry has it.
	Status string `json:"status"`
	// Recent are the counts of the window, and Refusals those of the last minute.
	Recent   metrics.Counts  `json:"recent"`
	Callers  *metrics.Spread `json:"callers"`
	Refusals map[string]int  `json:"refusals"`
	// The rest is told only while somebody looks.
	Tenants     []liveTenant     `json:"tenants,omitempty"`
	Generations []liveGeneration `json:"generations,omitempty"`
}
