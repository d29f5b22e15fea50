package events

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"

	"voicerelay/billing"
)

// Config is what events are sent with.
type Config struct {
	// Relay names this relay, the same at each of its starts.
	Relay  string
	Outbox Outbox
	// Record is what is told of a generation that has ended, in JSON.
	Record   func(*billing.Record) ([]byte, error)
	Registry prometheus.Registerer
	Log      zerolog.Logger
}

// Sinks sends events to those who want them. It is safe for concurrent use.
type Sinks struct {
	// Static.
	cfg      Config
	client   *http.Client
	counters *counters

	mu      sync.Mutex // guards what follows
	metrics map[string]*sinkMetrics
	stop    context.CancelCauseFunc
	running *sync.WaitGroup // the senders
}

// New sends nothing yet. Whoever calls Use calls Close.
func New(cfg Config) (*Sinks, error) {
	s := &Sinks{cfg: cfg, client: newClient(), metrics: make(map[string]*sinkMetrics), stop: func(error) {}, running: new(sync.WaitGroup)}
	var err error
	s.counters, err = newCounters(cfg.Registry, func() map[string]*sinkMetrics {
		s.mu.Lock()
		defer s.mu.Unlock()
		return s.metrics
	})
	return s, err
}

// errReplaced ends senders in whose place others are started.
var errReplaced = errors.New("other sinks are in force")

// Use sends events to these sinks from now on, in place of those before. keep has the outbox keep events for them; it is called
// while nothing is sent.
func (s *Sinks) Use(ctx context.Context, sinks []Sink, keep func(context.Context) error) error {
	s.mu.Lock()
	stop, running := s.stop, s.running
	s.mu.Unlock()
	stop(errReplaced)
	running.Wait()
	if err := keep(ctx); err != nil {
		return fmt.Errorf("keep events for sinks: %w", err)
	}
	s.start(ctx, sinks)
	return nil
}

// start has a sender run for each sink.
func (s *Sinks) start(ctx context.Context, sinks []Sink) {
	ctx, stop := context.WithCancelCause(context.WithoutCancel(ctx))
	running, metrics := new(sync.WaitGroup), make(map[string]*sinkMetrics)
	for i := range sinks {
		sink := sinks[i]
		metrics[sink.Name] = s.counters.of(&sink)
		sender := &sender{
			sink: sink, outbox: s.cfg.Outbox, encoder: encoder{s.cfg.Relay, s.cfg.Record}, client: s.client,
			metrics: metrics[sink.Name], log: s.cfg.Log.With().Str("sink", sink.Name).Logger(), dropped: -1, most: sink.Batch,
		}
		running.Go(func() { sender.run(ctx) })
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for name := range s.metrics {
		if metrics[name] == nil {
			s.counters.forget(name)
		}
	}
	s.metrics, s.stop, s.running = metrics, stop, running
}

// Close sends what is left, for some seconds. What is not accepted then is sent after the next start.
func (s *Sinks) Close() {
	s.mu.Lock()
	stop, running := s.stop, s.running
	s.mu.Unlock()
	stop(errClosing)
	running.Wait()
	s.client.CloseIdleConnections()
}
