package metrics

import "github.com/prometheus/client_golang/prometheus"

// Memory tells how near the process is to its memory limit, and what waits for clients. Its functions are asked when it is.
type Memory struct {
	// Pressure is 0 to 2, Limit in bytes, Waiting the bytes that clients don't take.
	Pressure, Limit, Waiting func() int64
}

// What Memory tells. A description never changes.
var (
	memoryPressure = prometheus.NewDesc("relay_memory_pressure",
		"How near the memory limit is. 0: not near, 1: no new connections, 2: no new generations either.", nil, nil)
	memoryLimit  = prometheus.NewDesc("relay_memory_limit_bytes", "The memory limit; 0: none.", nil, nil)
	waitingBytes = prometheus.NewDesc("relay_waiting_bytes",
		"What waits for clients that don't take it, of those for whom more than 64 KiB do.", nil, nil)
)

// Describe implements prometheus.Collector.
func (c Memory) Describe(to chan<- *prometheus.Desc) {
	to <- memoryPressure
	to <- memoryLimit
	to <- waitingBytes
}

// Collect implements prometheus.Collector.
func (c Memory) Collect(to chan<- prometheus.Metric) {
	gauge := func(d *prometheus.Desc, value int64) {
		to <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, float64(value)) // as many labels as described
	}
	gauge(memoryPressure, c.Pressure())
	gauge(memoryLimit, c.Limit())
	gauge(waitingBytes, c.Waiting())
}
