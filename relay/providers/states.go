package providers

import (
	"voicerelay/relay/metrics"
	"voicerelay/routing"
)

// States is how the providers of the setup stand, for Prometheus.
func (set *Setup) States() []metrics.Provider {
	states := map[routing.State]float64{routing.Closed: 0, routing.HalfOpen: 1, routing.Open: 2}
	var all []metrics.Provider
	for _, p := range set.order {
		one := metrics.Provider{Name: p.Name, Active: int(p.Active()), Waiting: p.slots.Queue(), Slots: p.places(), Spent: set.Spent(p.Name)}
		one.Idle, one.Busy = p.Sockets()
		for _, t := range set.TargetsOf(p.Name) {
			one.Circuits = append(one.Circuits, metrics.Circuit{Model: t.Model, State: states[set.State(t)]})
		}
		all = append(all, one)
	}
	return all
}
