package server

import (
	"net/http"
	"time"

	"voicerelay/access"
	"voicerelay/downstream"
	"voicerelay/relay/metrics"
	"voicerelay/routing"
	"voicerelay/server/answer"
	"voicerelay/upstream"
)

// providerEntry is a provider as operators see it.
type providerEntry struct {
	Name    string `json:"name"`
	Adapter string `json:"adapter"`
	// Circuit is that of the worst target.
	Circuit routing.State `json:"circuit"`
	// BudgetSpent: it is passed over, since nothing is left of what may be spent there.
	BudgetSpent  bool          `json:"budget_spent"`
	Targets      []targetState `json:"targets"`
	Capabilities capabilities  `json:"capabilities"`
	Active       int64         `json:"active"`
	// MaxConcurrent is how many may be under way at once; 0: any.
	MaxConcurrent int `json:"max_concurrent"`
	// Waiting is the attempts that wait for a place at a provider that is full.
	Waiting int `json:"waiting"`
	// Warm is the sockets that are open and have no stream.
	Warm         int              `json:"warm"`
	FirstAudioMS answer.Quantiles `json:"first_audio_ms"`
	// ConversationsKept are generations of the last hour that began here, and not at their route's first target, since their conversation
	// had been here last.
	ConversationsKept int `json:"conversations_kept"`
	// Errors are failures of the last hour, by their kind.
	Errors map[string]int `json:"errors"`
	// LastErrorAt is null where there was none.
	LastError   *string `json:"last_error"`
	LastErrorAt *string `json:"last_error_at"`
}

func quantilesOf(half, most time.Duration, heard bool) answer.Quantiles {
	if !heard {
		return answer.Quantiles{}
	}
	p50, p95 := half.Milliseconds(), most.Milliseconds()
	return answer.Quantiles{P50: &p50, P95: &p95}
}

// capabilities is what a provider can do, with what follows from it.
type capabilities struct {
	upstream.Capabilities
	// Resume is how a takeover from this provider knows where to go on.
	Resume string `json:"resume"`
}

// targetState is one of a provider's targets.
type targetState struct {
	Model   *string       `json:"model"`
	Circuit routing.State `json:"circuit"`
	// Since is null where the circuit was never otherwise, RetryAt where it is not open.
	Since   *string `json:"since"`
	RetryAt *string `json:"retry_at"`
}

func (srv *Server) listProviders(w http.ResponseWriter, _ *http.Request, _ *access.Key) {
	answer.JSON(w, http.StatusOK, map[string]any{"providers": srv.providerEntries(srv.metrics.Recent().LastHour(time.Now()))})
}

// providerEntries are in the order of the configuration. recent is the last hour.
func (srv *Server) providerEntries(recent metrics.Sum) []providerEntry {
	entries, set := []providerEntry{}, srv.setup.Load()
	for _, p := range set.Providers() {
		idle, _ := p.Sockets()
		caps := p.Capabilities()
		if caps.Markup == nil {
			caps.Markup = []string{}
		}
		entry := providerEntry{
			Name:          p.Name,
			Adapter:       p.Adapter,
			Circuit:       set.CircuitOf(p.Name),
			BudgetSpent:   set.Spent(p.Name),
			Waiting:       p.Slots().Queue(),
			Warm:          idle,
			Targets:       set.targetStates(p.Name),
			Capabilities:  capabilities{Capabilities: caps, Resume: caps.Resume()},
			Active:        p.Active(),
			MaxConcurrent: p.Places(),
			FirstAudioMS:  quantilesOf(srv.engine.FirstAudio(p.Name)),
			Errors:        map[string]int{},
		}
		if v := recent.Vendors[p.Name]; v != nil {
			entry.ConversationsKept = v.Kept
			if v.Kinds != nil {
				entry.Errors = v.Kinds
			}
		}
		if failure := p.LastError(); failure != nil {
			entry.LastError, entry.LastErrorAt = &failure.Message, answer.OptionalTime(failure.At)
		}
		entries = append(entries, entry)
	}
	return entries
}

func (set *setup) targetStates(provider string) []targetState {
	states := []targetState{}
	for _, t := range set.TargetsOf(provider) {
		standing := set.Standing(t)
		states = append(states, targetState{
			Model: downstream.Optional(t.Model), Circuit: standing.State,
			Since: answer.OptionalTime(standing.Since), RetryAt: answer.OptionalTime(standing.Retry),
		})
	}
	return states
}
