package server

import (
	"net/http"
	"time"

	"github.com/voicerelay/voicerelay/client/protocol"

	"voicerelay/access"
	"voicerelay/downstream"
	"voicerelay/relay/metrics"
	"voicerelay/routing"
	"voicerelay/server/answer"
	"voicerelay/server/live"
)

// ownRelay is the server as operators are told of it.
type ownRelay struct{ srv *Server }

// Status implements live.Relay.
func (o ownRelay) Status() string { return o.srv.status() }

// Facts implements live.Relay.
func (o ownRelay) Facts() live.Facts {
	standing := o.srv.standing()
	facts := live.Facts{
		DegradedSince: answer.OptionalTime(standing.DegradedSince), Unshipped: standing.Unshipped,
		ClockOffsetMS: standing.ClockOffset.Milliseconds(), Active: o.srv.engine.RunningCount(),
		Connections: len(o.srv.current()), OpenCircuits: []string{},
	}
	set := o.srv.setup.Load()
	for _, p := range set.Providers() {
		for _, t := range set.TargetsOf(p.Name) {
			if set.State(t) == routing.Open {
				facts.OpenCircuits = append(facts.OpenCircuits, targetName(t))
			}
		}
	}
	return facts
}

func targetName(t routing.Target) string {
	if t.Model == "" {
		return t.Provider
	}
	return t.Provider + "/" + t.Model
}

// Providers implements live.Relay.
func (o ownRelay) Providers(hour metrics.Sum) any { return o.srv.providerEntries(hour) }

// IsAdmin implements live.Relay.
func (o ownRelay) IsAdmin(key *access.Key) bool {
	now := o.srv.setup.Load().keyOf(key.Hash)
	return now != nil && now.Admin && !now.Expired(time.Now())
}

// Refuse implements live.Relay and usage.Host.
func (o ownRelay) Refuse(w http.ResponseWriter, r *http.Request, key *access.Key, err *protocol.Error) {
	o.srv.Refuse(w, r, key, err)
}

// Internal implements usage.Host.
func (o ownRelay) Internal(what string, err error) *protocol.Error {
	return downstream.WireError(o.srv.engine.Internal(o.srv.log, what, err))
}
