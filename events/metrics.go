package events

import (
	"fmt"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"voicerelay/billing"
)

// counters are the metrics of all sinks.
type counters struct {
	sent, failed, dropped *prometheus.CounterVec
	gone                  *prometheus.GaugeVec
	lag                   *prometheus.Desc
	sinks                 func() map[string]*sinkMetrics // those that are there now
}

func newCounters(registry prometheus.Registerer, sinks func() map[string]*sinkMetrics) (*counters, error) {
	vector := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
	}
	c := &counters{
		sent:    vector("relay_events_sent_total", "Events that a sink has accepted.", "sink", "type"),
		failed:  vector("relay_events_failed_total", "Batches of events that a sink has not accepted; each is tried again.", "sink", "outcome"),
		dropped: vector("relay_events_dropped_total", "Events that a sink is never sent: kept_too_long, or refused.", "sink", "why"),
		gone: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "relay_events_gone", Help: "1 once a sink has answered 410, so that nothing is sent to it any more, else 0.",
		}, []string{"sink"}),
		lag:   prometheus.NewDesc("relay_events_lag_seconds", "How long ago the oldest event happened that a sink has yet to accept; 0: it has all.", []string{"sink"}, nil),
		sinks: sinks,
	}
	for _, one := range []prometheus.Collector{c.sent, c.failed, c.dropped, c.gone, c} {
		if err := registry.Register(one); err != nil {
			return nil, fmt.Errorf("register metrics: %w", err)
		}
	}
	return c, nil
}

// Describe implements prometheus.Collector.
func (c *counters) Describe(to chan<- *prometheus.Desc) { to <- c.lag }

// Collect implements prometheus.Collector.
func (c *counters) Collect(to chan<- prometheus.Metric) {
	for name, m := range c.sinks() {
		to <- prometheus.MustNewConstMetric(c.lag, prometheus.GaugeValue, m.lag().Seconds(), name) // one label, as described
	}
}

// sinkMetrics are those of one sink.
type sinkMetrics struct {
	name   string
	all    *counters
	gone   prometheus.Gauge
	oldest atomic.Int64 // unix milliseconds of the oldest event to be sent; 0: there is none
}

// of are the metrics of a sink, which begin at nothing.
func (c *counters) of(s *Sink) *sinkMetrics {
	for _, t := range s.Types {
		c.sent.WithLabelValues(s.Name, string(t))
	}
	for _, o := range []outcome{unreachable, redirected, refused, unwanted, broken, gone} {
		c.failed.WithLabelValues(s.Name, string(o))
	}
	for _, why := range []string{"kept_too_long", "refused"} {
		c.dropped.WithLabelValues(s.Name, why)
	}
	m := &sinkMetrics{name: s.Name, all: c, gone: c.gone.WithLabelValues(s.Name)}
	m.gone.Set(0)
	return m
}

func (m *sinkMetrics) sent(events []billing.Event) {
	for _, e := range events {
		m.all.sent.WithLabelValues(m.name, string(e.Type)).Inc()
	}
	m.oldest.Store(0) // the next look finds what is left
}

func (m *sinkMetrics) failed(o outcome) { m.all.failed.WithLabelValues(m.name, string(o)).Inc() }

func (m *sinkMetrics) dropped(why string, n int64) {
	m.all.dropped.WithLabelValues(m.name, why).Add(float64(n))
}

// waiting notes since when the oldest of some events waits that the sink wants and has not accepted.
func (m *sinkMetrics) waiting(pending []billing.Event, done int64, s *Sink) {
	oldest := int64(0)
	for _, e := range pending {
		if e.N > done && s.wants(e.Type) {
			oldest = e.Time.UnixMilli()
			break
		}
	}
	m.oldest.Store(oldest)
}

func (m *sinkMetrics) lag() time.Duration {
	oldest := m.oldest.Load()
	if oldest == 0 {
		return 0
	}
	return max(time.Since(time.UnixMilli(oldest)), 0)
}

// forget drops the metrics of a sink that is no longer configured.
func (c *counters) forget(name string) {
	label := prometheus.Labels{"sink": name}
	for _, v := range []*prometheus.CounterVec{c.sent, c.failed, c.dropped} {
		v.DeletePartialMatch(label)
	}
	c.gone.DeletePartialMatch(label)
}
