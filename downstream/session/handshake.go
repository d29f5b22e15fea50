package session

import (
	"context"
	"time"

	"github.com/voicerelay/voicerelay/client/protocol"

	"voicerelay/access"
	"voicerelay/limits"
	"voicerelay/relay/delivery"
)

// Handshake is what a dialect says of a WebSocket's beginning.
type Handshake struct {
	// Subprotocol is the one that the answer chooses, if it was offered; empty: none.
	Subprotocol string
	// Lead and PlainCodes are those of a delivery.ConnConfig.
	Lead       time.Duration
	PlainCodes bool
	// LeastIdle is how long a connection may be idle whatever the key's limits say: for clients that keep one for their next turn,
	// and lose that where it was closed meanwhile. Zero: as the limits say.
	LeastIdle time.Duration
	// Lingers: a relay that goes away leaves the connection open until its grace is over, and refuses new generations. It is for
	// clients that don't notice that a connection was closed while they did not use it; the dialect closes it with its refusal.
	Lingers bool
	// Talk is the dialect's half of a new session, which has its connection already.
	Talk func(s *Session) Talk
	// InnerKey finds the key of a client whose handshake bears none; nil: there is no such client. Admit refuses it by what its key
	// may do, as the dialect does by itself where the handshake bears the key; nil: it does not.
	InnerKey *InnerKey
	Admit    func(key *access.Key) *protocol.Error
}

// start serves a connection that stands. leave gives its place back.
func (s *Session) start(leave func()) {
	var ctx context.Context
	ctx, s.cancel = context.WithCancelCause(context.Background())
	s.talk.Opened()
	if !s.On.Enroll(s) {
		leave()
		s.Conn.Cut() // the relay began to drain during the upgrade
		return
	}
	s.ShutWithoutKey() // which may have gone during the upgrade, when no reload knew of the session yet
	with := s.On.Services()
	with.Metrics.Connections.Inc()
	go func() { // Drain waits for it
		defer s.On.Leave(s)
		defer leave()
		defer with.Metrics.Connections.Dec()
		s.run(ctx)
	}()
}

// bounds are a key's limits as they hold for the connection.
func (h Handshake) bounds(of limits.Config) limits.Config {
	of.IdleTimeout = max(of.IdleTimeout, h.LeastIdle)
	return of
}

// connect gives the session a connection, before its upgrade.
func (s *Session) connect(bounds limits.Config, h Handshake) {
	with := s.On.Services()
	s.lingers = h.Lingers
	s.Conn = delivery.NewConn(s, delivery.ConnConfig{
		Limits: h.bounds(bounds), Delay: with.Metrics.FrameDelay, Awake: with.Awake, Backlog: with.Backlog,
		Lead: h.Lead, PlainCodes: h.PlainCodes,
	})
}

// become makes the session that of a key.
func (s *Session) become(key *access.Key, h Handshake) {
	remote, trace := s.Remote, s.Trace
	s.Client = s.On.Services().Engine.NewClient(key)
	s.Remote, s.Trace, s.Listener, s.Out = remote, trace, listener{s}, s.Conn.Out
	s.rate = limits.NewRate(key.Limits.GenerationsPerMinute)
	s.talk = h.Talk(s)
}
