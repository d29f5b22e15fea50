package relay

import (
	"slices"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/voicerelay/voicerelay/client/protocol"
	"voicerelay/upstream"
)

// metrics is what the relay counts. Labels are names from the configuration and the protocol only.
type metrics struct {
	connections prometheus.Gauge
	active      prometheus.Gauge
	generations *prometheus.CounterVec
	attempts    *prometheus.CounterVec
	first       *prometheus.HistogramVec
	answered    *prometheus.HistogramVec
	frameDelay  prometheus.Histogram
	cancel      prometheus.Histogram
	held        prometheus.Histogram
	reroutes    *prometheus.CounterVec
	refusals    *prometheus.CounterVec
	handshakes  prometheus.Counter
	quietCut    prometheus.Counter

	mu     sync.Mutex // guards recent
	recent map[string]*latencies
}

func newMetrics(registry *prometheus.Registry) (*metrics, error) {
	short := prometheus.ExponentialBuckets(10e-6, 2.5, 14) // 10 µs to 1.5 s
	m := &metrics{
		connections: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "relay_connections", Help: "Client connections open now.",
		}),
		active: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "relay_generations_active", Help: "Generations accepted and not yet done.",
		}),
		generations: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "relay_generations_total", Help: "Generations by the reason of their done.",
		}, []string{"outcome"}),
		attempts: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "relay_attempts_total", Help: "Attempts by provider and outcome; code says how one failed.",
		}, []string{"provider", "outcome", "code"}),
		first: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "relay_first_audio_seconds", Help: "From generate to where the first audio may be sent, by the provider that was heard first.",
			Buckets: firstAudioBuckets(),
		}, []string{"provider"}),
		answered: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "relay_attempt_first_audio_seconds", Help: "From an attempt's start, connecting included, to its first audio, of attempts that were heard.",
			Buckets: firstAudioBuckets(),
		}, []string{"provider"}),
		frameDelay: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "relay_frame_delay_seconds", Help: "From a vendor's frame to its hand-over to the client's socket.",
			Buckets: short,
		}),
		cancel: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "relay_cancel_seconds", Help: "From a client's cancel to where its done may be sent.",
			Buckets: short,
		}),
		held: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "relay_held_seconds", Help: "How long audio was held back until a word's end covered it.",
			Buckets: prometheus.ExponentialBuckets(0.005, 2, 10),
		}),
		reroutes: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "relay_reroutes_total", Help: "Changes of provider in mid-speech.",
		}, []string{"from", "to", "reason"}),
		refusals: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "relay_refusals_total", Help: "Requests and messages that were refused, by the code of the error.",
		}, []string{"code"}),
		handshakes: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "relay_tls_handshake_failures_total", Help: "TLS handshakes with clients that failed.",
		}),
		quietCut: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "relay_quiet_connections_cut_total", Help: "Connections without a request that were cut since there were too many.",
		}),
		recent: make(map[string]*latencies),
	}
	collectors := []prometheus.Collector{
		m.connections, m.active, m.generations, m.attempts, m.first, m.answered, m.frameDelay, m.cancel, m.held, m.reroutes,
		m.refusals, m.handshakes, m.quietCut,
	}
	for _, c := range collectors {
		if err := registry.Register(c); err != nil {
			return nil, err
		}
	}
	return m, nil
}

// firstAudioBuckets are from 5 ms to 10 s.
func firstAudioBuckets() []float64 { return prometheus.ExponentialBuckets(0.005, 1.8, 14) }

// expect has all that may be counted of a setup be there, at 0, so that a rate over what is counted first is none over
// nothing.
func (m *metrics) expect(set *setup) {
	for _, reason := range []string{reasonCompleted, reasonCancelled, reasonFailed} {
		m.generations.WithLabelValues(reason)
	}
	for _, code := range protocol.Codes() {
		m.refusals.WithLabelValues(string(code))
	}
	for _, p := range set.order {
		m.first.WithLabelValues(p.Name)
		m.answered.WithLabelValues(p.Name)
		for _, outcome := range []string{outcomeCompleted, outcomeCancelled, outcomeHedged, outcomeSuperseded} {
			m.attempts.WithLabelValues(p.Name, outcome, "")
		}
		for kind := range upstream.Policies {
			if kind != upstream.Canceled {
				m.attempts.WithLabelValues(p.Name, outcomeFailed, string(kind))
			}
		}
	}
	if set.table == nil {
		return
	}
	for _, pair := range set.table.Successions() {
		for _, reason := range rerouteReasons {
			m.reroutes.WithLabelValues(pair[0], pair[1], string(reason))
		}
	}
}

func (m *metrics) generationEnded(reason string) { m.generations.WithLabelValues(reason).Inc() }

func (m *metrics) attemptEnded(provider, outcome, code string) {
	m.attempts.WithLabelValues(provider, outcome, code).Inc()
}

// heardFirst notes when a generation was first heard, after its generate.
func (m *metrics) heardFirst(provider string, took time.Duration) {
	m.first.WithLabelValues(provider).Observe(took.Seconds())
}

// firstAudio notes an attempt's first audio, after its start.
func (m *metrics) firstAudio(provider string, took time.Duration) {
	m.answered.WithLabelValues(provider).Observe(took.Seconds())
	m.mu.Lock()
	defer m.mu.Unlock()
	l := m.recent[provider]
	if l == nil {
		l = &latencies{}
		m.recent[provider] = l
	}
	l.add(took)
}

func (m *metrics) firstAudioOf(provider string) quantiles {
	m.mu.Lock()
	defer m.mu.Unlock()
	if l := m.recent[provider]; l != nil {
		return l.quantiles()
	}
	return quantiles{}
}

// forget lets a provider be as one that was not heard yet: it may be another one under the same name.
func (m *metrics) forget(provider string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.recent, provider)
}

func (m *metrics) rerouted(from, to string, reason upstream.Kind) {
	m.reroutes.WithLabelValues(from, to, string(reason)).Inc()
}

// expectedFirstAudio is assumed of a provider that was not heard yet.
const expectedFirstAudio = 300 * time.Millisecond

// usualFirstAudio is how long a provider takes to its first audio, half of the time.
func (m *metrics) usualFirstAudio(provider string) time.Duration {
	if known := m.knownFirstAudio(provider); known > 0 {
		return known
	}
	return expectedFirstAudio
}

// knownFirstAudio is the same, or 0 for a provider that was not heard yet.
func (m *metrics) knownFirstAudio(provider string) time.Duration {
	m.mu.Lock()
	defer m.mu.Unlock()
	if l := m.recent[provider]; l != nil {
		return l.at(0.5)
	}
	return 0
}

// latencies keeps the last observations.
type latencies struct {
	seen []time.Duration // a ring once it is full
	next int
}

const keptLatencies = 128

func (l *latencies) add(d time.Duration) {
	if len(l.seen) < keptLatencies {
		l.seen = append(l.seen, d)
		return
	}
	l.seen[l.next] = d
	l.next = (l.next + 1) % keptLatencies
}

// quantiles are in milliseconds; null where nothing was observed.
type quantiles struct {
	P50 *int64 `json:"p50"`
	P95 *int64 `json:"p95"`
}

func (l *latencies) quantiles() quantiles {
	half, most := l.at(0.5).Milliseconds(), l.at(0.95).Milliseconds()
	return quantiles{P50: &half, P95: &most}
}

// at is a quantile of at least one observation.
func (l *latencies) at(q float64) time.Duration {
	sorted := slices.Sorted(slices.Values(l.seen))
	return sorted[int(q*float64(len(sorted)-1))]
}
