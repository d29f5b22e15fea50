package live

import (
	"cmp"
	"time"

	"voicerelay/relay/metrics"
	"voicerelay/relay/running"
	"voicerelay/server/answer"
)

// relayEntry is a relay as operators see it.
type relayEntry struct {
	Name   string `json:"name"`
	Status string `json:"status"`
	// SeenAt is when a relay that is gone last said how it does, of which the rest is not told.
	SeenAt string `json:"seen_at,omitempty"`
	*Facts
}

// gone is the status of a relay that says nothing any more.
const gone = "gone"

// generationEntry is a generation under way as operators see it, without its text.
type generationEntry struct {
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

func entryOfGeneration(s running.Status, relay string) generationEntry {
	optional := func(text string) *string {
		if text == "" {
			return nil
		}
		return &text
	}
	return generationEntry{
		RecordID: s.RecordID, GenerationID: s.GenerationID, ContextID: optional(s.ContextID), SessionID: s.SessionID, Relay: relay,
		Tenant: s.Tenant, Key: s.Key, Dialect: cmp.Or(s.Dialect, "native"), Route: s.Route,
		Provider: optional(s.Provider), Model: optional(s.Model),
		Attempts: s.Attempts, Characters: s.Characters, SentMS: s.Sent.Milliseconds(), BeganAt: answer.Time(s.Began),
	}
}

// totals is how all relays do.
type totals struct {
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

// tenantEntry is how a tenant does at all relays.
type tenantEntry struct {
	Name   string `json:"name"`
	Active int    `json:"active"`
	// Refusals are those of the last hour, by code.
	Refusals map[string]int `json:"refusals"`
}

// pointEntry is one step of the charts.
type pointEntry struct {
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
	Attempts     int              `json:"attempts"`
	Failed       int              `json:"failed"`
	FirstAudioMS answer.Quantiles `json:"first_audio_ms"`
}

func entryOfPoint(p metrics.Point) pointEntry {
	point := pointEntry{
		At: answer.Time(p.At), Active: p.Active, Generations: p.Generations, Failed: p.Failed, Rerouted: p.Rerouted,
		FirstAudioMS: percentileOf(&p.Callers), Refusals: p.Refusals, Providers: make(map[string]vendorPoint),
	}
	if point.Refusals == nil {
		point.Refusals = map[string]int{}
	}
	for name, v := range p.Vendors {
		first := percentileOf(&v.FirstAudio)
		point.Providers[name] = vendorPoint{Attempts: v.Attempts, Failed: v.Failed, FirstAudioMS: answer.Quantiles{P50: first.P50, P95: first.P95}}
	}
	return point
}

// todayEntry is what was used since midnight, UTC.
type todayEntry struct {
	Since    string `json:"since"`
	Complete bool   `json:"complete"`
	usedEntry
	Tenants   map[string]usedEntry `json:"tenants"`
	Providers map[string]usedEntry `json:"providers"`
}

// usedEntry is what was used. Count is generations, of providers attempts.
type usedEntry struct {
	Count int64         `json:"count"`
	Cost  []answer.Cost `json:"cost"`
}

// relaySummary is what a relay tells the others.
type relaySummary struct {
	At    time.Time `json:"at"`
	Relay Facts     `json:"relay"`
	// Status is as relayEntry has it.
	Status string `json:"status"`
	// Recent are the counts of the window, and Refusals those of the last minute.
	Recent   metrics.Counts  `json:"recent"`
	Callers  *metrics.Spread `json:"callers"`
	Refusals map[string]int  `json:"refusals"`
	// The rest is told only while somebody looks.
	Tenants     []tenantEntry     `json:"tenants,omitempty"`
	Generations []generationEntry `json:"generations,omitempty"`
}
