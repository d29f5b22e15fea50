package relay

import (
	"github.com/voicerelay/voicerelay/client/protocol"

	"voicerelay/relay/metrics"
	"voicerelay/routing"
	"voicerelay/upstream"
)

// expected is all that may be counted of the setup.
func (set *setup) expected() metrics.Expected {
	e := metrics.Expected{
		Reasons:  []string{string(Completed), string(Cancelled), string(Failed)},
		Outcomes: []string{outcomeCompleted, outcomeCancelled, outcomeHedged, outcomeSuperseded},
		Failed:   outcomeFailed,
	}
	for _, code := range protocol.Codes() {
		e.Codes = append(e.Codes, string(code))
	}
	for _, p := range set.order {
		e.Providers = append(e.Providers, p.Name)
	}
	for kind := range upstream.Policies {
		if kind != upstream.Canceled {
			e.Failures = append(e.Failures, string(kind))
		}
	}
	for _, reason := range rerouteReasons {
		e.RerouteReasons = append(e.RerouteReasons, string(reason))
	}
	if set.table != nil {
		e.Successions = set.table.Successions()
	}
	return e
}

// providerStates is how the providers of the setup stand, for Prometheus.
func (set *setup) providerStates() []metrics.Provider {
	states := map[routing.State]float64{routing.Closed: 0, routing.HalfOpen: 1, routing.Open: 2}
	var all []metrics.Provider
	for _, p := range set.order {
		one := metrics.Provider{Name: p.Name}
		one.Idle, one.Busy = p.sockets()
		for _, t := range set.targetsOf(p.Name) {
			one.Circuits = append(one.Circuits, metrics.Circuit{Model: t.Model, State: states[set.state(t)]})
		}
		all = append(all, one)
	}
	return all
}

// memoryMetrics is how near the process is to its memory limit.
func (srv *Server) memoryMetrics() metrics.Memory {
	return metrics.Memory{
		Pressure: func() int64 { return int64(srv.memory.pressure()) },
		Limit:    srv.memory.limit.Load,
		Waiting:  srv.backlog.Waiting,
	}
}
