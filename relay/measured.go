package relay

import (
	"voicerelay/relay/metrics"
	"voicerelay/routing"
	"voicerelay/upstream"
)

// Expected is all that may be counted of the setup, but for codes of errors, which are the clients' matter.
func (set *Setup) Expected() metrics.Expected {
	e := metrics.Expected{
		Reasons:  []string{string(Completed), string(Cancelled), string(Failed)},
		Outcomes: []string{outcomeCompleted, outcomeCancelled, outcomeHedged, outcomeSuperseded},
		Failed:   outcomeFailed,
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

// States is how the providers of the setup stand, for Prometheus.
func (set *Setup) States() []metrics.Provider {
	states := map[routing.State]float64{routing.Closed: 0, routing.HalfOpen: 1, routing.Open: 2}
	var all []metrics.Provider
	for _, p := range set.order {
		one := metrics.Provider{Name: p.Name}
		one.Idle, one.Busy = p.Sockets()
		for _, t := range set.TargetsOf(p.Name) {
			one.Circuits = append(one.Circuits, metrics.Circuit{Model: t.Model, State: states[set.State(t)]})
		}
		all = append(all, one)
	}
	return all
}
