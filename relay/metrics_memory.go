package relay

import "github.com/prometheus/client_golang/prometheus"

// memoryCollector tells how near the process is to its memory limit, and what waits for clients.
type memoryCollector struct{ srv *Server }

// What memoryCollector tells. A description never changes.
var (
	memoryPressure = prometheus.NewDesc("relay_memory_pressure",
		"How near the memory limit is. 0: not near, 1: no new connections, 2: no new generations either.", nil, nil)
	memoryLimit  = prometheus.NewDesc("relay_memory_limit_bytes", "The memory limit; 0: none.", nil, nil)
	waitingBytes = prometheus.NewDesc("relay_waiting_bytes",
		"What waits for clients that don't take it, of those for whom more than 64 KiB do.", nil, nil)
)

// Describe implements prometheus.Collector.
func (c memoryCollector) Describe(to chan<- *prometheus.Desc) {
	to <- memoryPressure
	to <- memoryLimit
	to <- waitingBytes
}

// Collect implements prometheus.Collector.
func (c memoryCollector) Collect(to chan<- prometheus.Metric) {
	gauge := func(d *prometheus.Desc, value int64) {
		to <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, float64(value)) // as many labels as described
	}
	gauge(memoryPressure, int64(c.srv.memory.pressure()))
	gauge(memoryLimit, c.srv.memory.limit.Load())
	gauge(waitingBytes, c.srv.backlog.Waiting())
}
