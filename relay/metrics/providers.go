package metrics

import "github.com/prometheus/client_golang/prometheus"

// Provider is how a provider stands.
type Provider struct {
	Name string
	// Active and Waiting are attempts under way, and those that wait for a slot; Slots is how many may be under way at once, 0: any.
	Active, Waiting, Slots int
	// Idle and Busy are its open sockets.
	Idle, Busy int
	// Spent: nothing is left of its budget, so it is passed over.
	Spent bool
	// Circuits are those of its targets, by model.
	Circuits []Circuit
}

// Circuit is how a circuit stands: 0 closed, 1 half open, 2 open.
type Circuit struct {
	Model string
	State float64
}

// Providers tells how the providers that are configured stand. It looks when it is asked, since which there are may change.
type Providers struct{ current func() []Provider }

// NewProviders tells what current answers.
func NewProviders(current func() []Provider) *Providers { return &Providers{current} }

// What Providers tells. A description never changes.
var (
	upstreamConnections = prometheus.NewDesc("relay_upstream_connections", "Open sockets to a vendor.",
		[]string{"provider", "state"}, nil)
	providerActive  = prometheus.NewDesc("relay_provider_active", "Attempts under way at a provider.", []string{"provider"}, nil)
	providerWaiting = prometheus.NewDesc("relay_provider_waiting", "Attempts that wait for a slot at a provider that is full.", []string{"provider"}, nil)
	providerSlots   = prometheus.NewDesc("relay_provider_slots", "How many attempts may be under way at a provider at once; 0: any.", []string{"provider"}, nil)
	providerSpent   = prometheus.NewDesc("relay_provider_budget_spent", "1 while a provider is passed over because its budget is spent, else 0.", []string{"provider"}, nil)
	circuitState    = prometheus.NewDesc("relay_circuit_state", "0: closed, 1: half open, 2: open.",
		[]string{"provider", "model"}, nil)
)

// Describe implements prometheus.Collector.
func (c *Providers) Describe(to chan<- *prometheus.Desc) {
	to <- upstreamConnections
	to <- circuitState
	to <- providerActive
	to <- providerWaiting
	to <- providerSlots
	to <- providerSpent
}

// Collect implements prometheus.Collector.
func (c *Providers) Collect(to chan<- prometheus.Metric) {
	gauge := func(d *prometheus.Desc, value float64, labels ...string) {
		to <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, value, labels...) // as many labels as described
	}
	for _, p := range c.current() {
		gauge(upstreamConnections, float64(p.Idle), p.Name, "idle")
		gauge(upstreamConnections, float64(p.Busy), p.Name, "busy")
		gauge(providerActive, float64(p.Active), p.Name)
		gauge(providerWaiting, float64(p.Waiting), p.Name)
		gauge(providerSlots, float64(p.Slots), p.Name)
		gauge(providerSpent, truth(p.Spent), p.Name)
		for _, circuit := range p.Circuits {
			gauge(circuitState, circuit.State, p.Name, circuit.Model)
		}
	}
}

// truth is a bool as Prometheus has it.
func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}
