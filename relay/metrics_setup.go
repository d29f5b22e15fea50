package relay

import (
	"github.com/prometheus/client_golang/prometheus"

	"voicerelay/routing"
)

// setupCollector tells how the providers that are configured now stand. It looks when it is asked, since which there are
// may change.
type setupCollector struct {
	current     func() *setup
	connections *prometheus.Desc
	circuits    *prometheus.Desc
}

func newSetupCollector(current func() *setup) *setupCollector {
	return &setupCollector{
		current: current,
		connections: prometheus.NewDesc("relay_upstream_connections", "Open sockets to a vendor.",
			[]string{"provider", "state"}, nil),
		circuits: prometheus.NewDesc("relay_circuit_state", "0: closed, 1: half open, 2: open.",
			[]string{"provider", "model"}, nil),
	}
}

// Describe implements prometheus.Collector.
func (c *setupCollector) Describe(to chan<- *prometheus.Desc) {
	to <- c.connections
	to <- c.circuits
}

// Collect implements prometheus.Collector.
func (c *setupCollector) Collect(to chan<- prometheus.Metric) {
	set := c.current()
	gauge := func(d *prometheus.Desc, value float64, labels ...string) {
		to <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, value, labels...) // as many labels as described
	}
	states := map[routing.State]float64{routing.Closed: 0, routing.HalfOpen: 1, routing.Open: 2}
	for _, p := range set.order {
		idle, busy := p.sockets()
		gauge(c.connections, float64(idle), p.Name, "idle")
		gauge(c.connections, float64(busy), p.Name, "busy")
		for _, t := range set.targetsOf(p.Name) {
			gauge(c.circuits, states[set.state(t)], t.Provider, t.Model)
		}
	}
}
