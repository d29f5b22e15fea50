package server

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"

	"voicerelay/awake"
	"voicerelay/billing"
	"voicerelay/downstream"
	"voicerelay/limits"
	"voicerelay/relay"
	"voicerelay/relay/delivery"
	"voicerelay/relay/metrics"
	"voicerelay/relay/providers"
	"voicerelay/server/live"
	"voicerelay/server/usage"
)

// Server is the relay. Its sessions end with Drain.
type Server struct {
	// Static after New.
	engine   *relay.Engine
	usage    *usage.Endpoints
	failures *failures
	lists    billing.PriceLists // nil: none but the one in force
	// configuration is what GET /v1/config shows.
	configuration func() Configuration
	standing      func() Standing
	budgets       limits.Budgets // of nobody, if the parts have none
	watch         *limits.Watch  // over budgets
	alerts        *prometheus.CounterVec
	gate          *limits.Connections
	refusedFrom   *refusedAddresses
	awake         *awake.Clock
	metrics       *metrics.Metrics
	registry      *prometheus.Registry
	dialects      []downstream.Dialect
	log           zerolog.Logger

	setup    atomic.Pointer[setup] // what is configured now
	live     *live.Feed
	emulated Demo         // nil: the vendors are no emulators
	whole    atomic.Int64 // bytes of answers that wait for their end
	backlog  delivery.Backlog
	memory   *memory

	mu       sync.Mutex // guards what follows
	clients  map[downstream.Client]struct{}
	leaving  bool // it will drain soon
	draining bool

	wg sync.WaitGroup // every client
}

// GoAway says at /readyz that this relay is about to drain, for a while in which it serves all clients as before: a balancer that
// looks there sends newcomers elsewhere before any of them is refused. It returns after the delay, or when ctx ends.
func (srv *Server) GoAway(ctx context.Context, delay time.Duration) {
	srv.mu.Lock()
	srv.leaving = true
	srv.mu.Unlock()
	if delay == 0 {
		return
	}
	select {
	case <-ctx.Done():
	case <-time.After(delay):
	}
}

// RunLive keeps what operators are told of, and tells them. It returns when ctx ends; then nobody is told anything any more.
func (srv *Server) RunLive(ctx context.Context) { srv.live.Run(ctx) }

// Drain takes no more generations, lets the running ones end within grace, stops those that have not, and
// returns once every client is served.
func (srv *Server) Drain(ctx context.Context, grace time.Duration) {
	srv.mu.Lock()
	srv.draining = true
	srv.mu.Unlock()
	for _, s := range srv.current() {
		s.Drain(grace)
	}
	over := make(chan struct{})
	go func() { // ends with the sessions, which every path below ends
		srv.wg.Wait()
		close(over)
	}()
	select {
	case <-over:
		return
	case <-ctx.Done():
	case <-time.After(grace):
	}
	for _, s := range srv.current() {
		s.StopAll(relay.CauseDrained)
	}
	select {
	case <-over:
		return
	case <-time.After(delivery.CloseFramePatience + providers.CloseGrace):
	}
	for _, s := range srv.current() {
		s.Cut() // it had its time
	}
	<-over
}

func (srv *Server) current() []downstream.Client {
	srv.mu.Lock()
	defer srv.mu.Unlock()
	all := make([]downstream.Client, 0, len(srv.clients))
	for s := range srv.clients {
		all = append(all, s)
	}
	return all
}

// Enroll implements downstream.Server.
func (srv *Server) Enroll(s downstream.Client) bool {
	srv.mu.Lock()
	defer srv.mu.Unlock()
	if srv.draining {
		return false
	}
	srv.clients[s] = struct{}{}
	srv.wg.Add(1)
	return true
}

// Leave implements downstream.Server.
func (srv *Server) Leave(s downstream.Client) {
	srv.mu.Lock()
	delete(srv.clients, s)
	srv.mu.Unlock()
	srv.wg.Done()
}

// isLeaving reports whether the relay drains, or is about to.
func (srv *Server) isLeaving() bool {
	srv.mu.Lock()
	defer srv.mu.Unlock()
	return srv.draining || srv.leaving
}

func (srv *Server) isDraining() bool {
	srv.mu.Lock()
	defer srv.mu.Unlock()
	return srv.draining
}
