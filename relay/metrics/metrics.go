package metrics

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
)

// Metrics is what the relay counts and measures. It is safe for concurrent use. Labels are names from the configuration and the
// protocol only: what a client makes up would have no end.
type Metrics struct {
	// Connections are those that are open now, Active the generations accepted and not yet done.
	Connections, Active prometheus.Gauge
	// FrameDelay is from a vendor's frame to its hand-over to the client's socket, Cancel from a client's cancel to where its
	// done may be sent, Held how long audio was held back; all in seconds.
	FrameDelay, Cancel, Held prometheus.Histogram
	// Handshakes are those of TLS that failed, QuietCut the connections without a request that were cut.
	Handshakes, QuietCut prometheus.Counter

	generations *prometheus.CounterVec
	failures    *prometheus.CounterVec
	attempts    *prometheus.CounterVec
	first       *prometheus.HistogramVec
	answered    *prometheus.HistogramVec
	callers     *prometheus.HistogramVec
	reroutes    *prometheus.CounterVec
	refusals    *prometheus.CounterVec
	hedges      *prometheus.CounterVec
	kept        *prometheus.CounterVec
	used        usage
	recent      Recent
}

// New registers everything. It panics if that was done before.
func New(registry prometheus.Registerer) *Metrics {
	with := promauto.With(registry)
	return &Metrics{
		Connections: with.NewGauge(prometheus.GaugeOpts{
			Name: "relay_connections", Help: "Client connections open now.",
		}),
		Active: with.NewGauge(prometheus.GaugeOpts{
			Name: "relay_generations_active", Help: "Generations accepted and not yet done.",
		}),
		generations: with.NewCounterVec(prometheus.CounterOpts{
			Name: "relay_generations_total", Help: "Generations by the reason of their done.",
		}, []string{"outcome"}),
		failures: with.NewCounterVec(prometheus.CounterOpts{
			Name: "relay_generations_failed_total", Help: "Generations that failed after they were accepted, by the code of their error.",
		}, []string{"code"}),
		attempts: with.NewCounterVec(prometheus.CounterOpts{
			Name: "relay_attempts_total", Help: "Attempts by provider and outcome; code says how one failed.",
		}, []string{"provider", "outcome", "code"}),
		first: with.NewHistogramVec(prometheus.HistogramOpts{
			Name: "relay_first_audio_seconds", Help: "From generate to where the first audio may be sent, by the provider that was heard first.",
			Buckets: firstAudioBuckets(),
		}, []string{"provider"}),
		answered: with.NewHistogramVec(prometheus.HistogramOpts{
			Name: "relay_attempt_first_audio_seconds", Help: "From an attempt's start, connecting included, to its first audio, of attempts that were heard.",
			Buckets: firstAudioBuckets(),
		}, []string{"provider"}),
		callers: with.NewHistogramVec(prometheus.HistogramOpts{
			Name: "relay_caller_first_audio_seconds", Help: "From generate to where the first audio may be sent, by route; (raw) is a target that a client named.",
			Buckets: firstAudioBuckets(),
		}, []string{"route"}),
		FrameDelay: with.NewHistogram(prometheus.HistogramOpts{
			Name: "relay_frame_delay_seconds", Help: "From a vendor's frame to its hand-over to the client's socket.",
			Buckets: shortBuckets(),
		}),
		Cancel: with.NewHistogram(prometheus.HistogramOpts{
			Name: "relay_cancel_seconds", Help: "From a client's cancel to where its done may be sent.",
			Buckets: shortBuckets(),
		}),
		Held: with.NewHistogram(prometheus.HistogramOpts{
			Name: "relay_held_seconds", Help: "How long audio was held back until a word's end covered it.",
			Buckets: []float64{0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5},
		}),
		reroutes: with.NewCounterVec(prometheus.CounterOpts{
			Name: "relay_reroutes_total", Help: "Changes of provider in mid-speech.",
		}, []string{"from", "to", "reason"}),
		refusals: with.NewCounterVec(prometheus.CounterOpts{
			Name: "relay_refusals_total", Help: "Requests and messages that were refused, by the code of the error.",
		}, []string{"code"}),
		hedges: with.NewCounterVec(prometheus.CounterOpts{
			Name: "relay_hedges_total", Help: "Backups that were opened beside a target that keeps its caller waiting (opened), and those that spoke first (won).",
		}, []string{"result"}),
		kept: with.NewCounterVec(prometheus.CounterOpts{
			Name: "relay_conversations_kept_total",
			Help: "Generations that began at another target than their route's first, since their conversation had been there last, by provider.",
		}, []string{"provider"}),
		used: newUsage(with),
		Handshakes: with.NewCounter(prometheus.CounterOpts{
			Name: "relay_tls_handshake_failures_total", Help: "TLS handshakes with clients that failed.",
		}),
		QuietCut: with.NewCounter(prometheus.CounterOpts{
			Name: "relay_quiet_connections_cut_total", Help: "Connections without a request that were cut since there were too many.",
		}),
	}
}

// firstAudioBuckets are from 5 ms to 10 s.
func firstAudioBuckets() []float64 {
	return []float64{0.005, 0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.7, 1, 1.5, 2, 3, 5, 10}
}

// shortBuckets are from 10 µs to 1 s.
func shortBuckets() []float64 {
	return []float64{10e-6, 20e-6, 50e-6, 100e-6, 200e-6, 500e-6, 1e-3, 2e-3, 5e-3, 10e-3, 20e-3, 50e-3, 0.1, 0.2, 0.5, 1}
}

// Expected is what may be counted under a configuration.
type Expected struct {
	// Providers are the names of those that are configured, Successions the pairs of which one may take over from another.
	Providers   []string
	Successions [][2]string
	// Routes and Tenants are the names of those that are configured.
	Routes, Tenants []string
	// Reasons are those of a done, Codes those of errors to clients, RerouteReasons those of a change of voice.
	Reasons, Codes, RerouteReasons []string
	// Outcomes are those of attempts that do not fail, Failed that of those that do, Failures the codes of these.
	Outcomes []string
	Failed   string
	Failures []string
}

// Expect has all of that be there, at 0: otherwise a rate over what is counted for the first time shows nothing.
func (m *Metrics) Expect(e Expected) {
	for _, reason := range e.Reasons {
		m.generations.WithLabelValues(reason)
	}
	for _, code := range e.Codes {
		m.refusals.WithLabelValues(code)
		m.failures.WithLabelValues(code)
	}
	for _, route := range append(e.Routes, rawRoute) {
		m.callers.WithLabelValues(route)
	}
	for _, result := range []string{hedgeOpened, hedgeWon} {
		m.hedges.WithLabelValues(result)
	}
	m.used.expect(e.Providers, e.Tenants)
	for _, provider := range e.Providers {
		m.first.WithLabelValues(provider)
		m.answered.WithLabelValues(provider)
		m.kept.WithLabelValues(provider)
		for _, outcome := range e.Outcomes {
			m.attempts.WithLabelValues(provider, outcome, "")
		}
		for _, code := range e.Failures {
			m.attempts.WithLabelValues(provider, e.Failed, code)
		}
	}
	for _, pair := range e.Successions {
		for _, reason := range e.RerouteReasons {
			m.reroutes.WithLabelValues(pair[0], pair[1], reason)
		}
	}
}

// GenerationEnded counts a generation by the reason of its done. code says why one failed, else it is empty.
func (m *Metrics) GenerationEnded(reason, code string) {
	m.generations.WithLabelValues(reason).Inc()
	if code != "" {
		m.failures.WithLabelValues(code).Inc()
	}
	m.recent.ended(code != "")
}

// GenerationRerouted counts a generation that was spoken though an attempt at it had failed.
func (m *Metrics) GenerationRerouted() { m.recent.rerouted() }

// Recent is what happened in the last hour.
func (m *Metrics) Recent() *Recent { return &m.recent }

// The results of hedges.
const (
	hedgeOpened = "opened"
	hedgeWon    = "won"
)

// HedgeOpened counts a backup that was opened beside a target that keeps its caller waiting, HedgeWon one that spoke first.
func (m *Metrics) HedgeOpened() { m.hedges.WithLabelValues(hedgeOpened).Inc() }

// HedgeWon implements what HedgeOpened says.
func (m *Metrics) HedgeWon() { m.hedges.WithLabelValues(hedgeWon).Inc() }

// rawRoute stands for the targets that clients name themselves, which have no end.
const rawRoute = "(raw)"

// CallerHeard notes when a generation of a route was first heard, after its generate. raw: the client named its target.
func (m *Metrics) CallerHeard(route string, raw bool, took time.Duration) {
	if raw {
		route = rawRoute
	}
	m.callers.WithLabelValues(route).Observe(took.Seconds())
	m.recent.callerHeard(took)
}

// AttemptEnded counts an attempt. code says how one failed, else it is empty.
func (m *Metrics) AttemptEnded(provider, outcome, code string) {
	m.attempts.WithLabelValues(provider, outcome, code).Inc()
	m.recent.attemptEnded(provider, code)
}

// GenerationHeard notes when a generation was first heard, after its generate.
func (m *Metrics) GenerationHeard(provider string, took time.Duration) {
	m.first.WithLabelValues(provider).Observe(took.Seconds())
}

// AttemptHeard notes an attempt's first audio, after its start.
func (m *Metrics) AttemptHeard(provider string, took time.Duration) {
	m.answered.WithLabelValues(provider).Observe(took.Seconds())
	m.recent.attemptHeard(provider, took)
}

// ConversationKept counts a generation that a provider was the first to speak since its conversation had been there last.
func (m *Metrics) ConversationKept(provider string) {
	m.kept.WithLabelValues(provider).Inc()
	m.recent.conversationKept(provider)
}

// Rerouted counts a change of provider in mid-speech.
func (m *Metrics) Rerouted(from, to, reason string) {
	m.reroutes.WithLabelValues(from, to, reason).Inc()
}

// Refused counts a request or a message that was refused, by the code of its error.
func (m *Metrics) Refused(code string) {
	m.refusals.WithLabelValues(code).Inc()
	m.recent.refused(code)
}

// AttemptUsed counts what an attempt used.
func (m *Metrics) AttemptUsed(u Used) { m.used.add(u) }
