package main

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// processMetrics are those of the process itself: what it is, and how its configuration was read.
type processMetrics struct {
	reloads *prometheus.CounterVec
	read    prometheus.Gauge
	right   prometheus.Gauge
}

// newProcessMetrics registers them. The configuration has just been read.
func newProcessMetrics(registry prometheus.Registerer) (*processMetrics, error) {
	m := &processMetrics{
		reloads: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "relay_reloads_total", Help: "Times that the configuration was to be read again, by what came of it: taken or refused.",
		}, []string{"result"}),
		read: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "relay_configuration_timestamp_seconds", Help: "When the configuration in force was read.",
		}),
		right: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "relay_configuration_in_force", Help: "1, or 0 where the file was refused when it was read last, so that a former one is in force.",
		}),
	}
	info, _ := debug.ReadBuildInfo() // nil in a binary that was built in another way
	built := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "relay_build_info", Help: "1; the labels say what this binary was built from.",
		ConstLabels: prometheus.Labels{"version": buildOf(info, stampedVersion, stampedRevision).version, "go": runtime.Version()},
	})
	built.Set(1)
	for _, c := range []prometheus.Collector{m.reloads, m.read, m.right, built} {
		if err := registry.Register(c); err != nil {
			return nil, fmt.Errorf("register metrics: %w", err)
		}
	}
	for _, result := range []string{reloadTaken, reloadRefused} {
		m.reloads.WithLabelValues(result)
	}
	m.inForce()
	return m, nil
}

// registerCertificate tells when the certificate that clients are shown expires, where there is one.
func registerCertificate(registry prometheus.Registerer, c *certificate) error {
	if c == nil {
		return nil
	}
	return registerGauge(registry, prometheus.GaugeOpts{
		Name: "relay_certificate_expires_timestamp_seconds", Help: "When the certificate that clients are shown expires.",
	}, func() float64 { return float64(c.expires().Unix()) })
}

// The results of reloads.
const (
	reloadTaken   = "taken"
	reloadRefused = "refused"
)

func (m *processMetrics) taken() {
	m.reloads.WithLabelValues(reloadTaken).Inc()
	m.inForce()
}

func (m *processMetrics) inForce() {
	m.read.Set(float64(time.Now().UnixMilli()) / 1000)
	m.right.Set(1)
}

func (m *processMetrics) refused() {
	m.reloads.WithLabelValues(reloadRefused).Inc()
	m.right.Set(0)
}
