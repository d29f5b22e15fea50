package session

import (
	"context"
	"net/http"
	"time"

	"github.com/voicerelay/voicerelay/client/protocol"

	"voicerelay/access"
	"voicerelay/downstream"
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
	// Talk is the dialect's half of a new session, which has its connection already.
	Talk func(s *Session) Talk
}

// Serve upgrades a client's request to a session, or returns why it is refused; nothing has been written then. The session
// owns the connection from then on; the handler returns, and its goroutine's stack goes with it.
func Serve(on downstream.Server, w http.ResponseWriter, r *http.Request, key *access.Key, h Handshake) *protocol.Error {
	leave, refused := on.Connect(key)
	if refused != nil {
		return refused
	}
	s := newSession(on, key, h)
	s.Remote = on.RemoteOf(r)
	if err := s.Conn.Upgrade(w, r, h.Subprotocol); err != nil {
		leave()
		log := s.Log()
		log.Debug().Err(err).Msg("upgrade failed")
		return nil
	}
	var ctx context.Context
	ctx, s.cancel = context.WithCancelCause(context.Background())
	s.talk.Opened()
	if !on.Enroll(s) {
		leave()
		s.Conn.Cut() // the relay began to drain during the upgrade
		return nil
	}
	s.ShutWithoutKey() // which may have gone during the upgrade, when no reload knew of the session yet
	with := on.Services()
	with.Metrics.Connections.Inc()
	go func() { // Drain waits for it
		defer on.Leave(s)
		defer leave()
		defer with.Metrics.Connections.Dec()
		s.run(ctx)
	}()
	return nil
}

func newSession(on downstream.Server, key *access.Key, h Handshake) *Session {
	with := on.Services()
	s := &Session{
		Client: with.Engine.NewClient(key),
		On:     on,
		began:  time.Now(),
		rate:   limits.NewRate(key.Limits.GenerationsPerMinute),
	}
	s.Conn = delivery.NewConn(s, delivery.ConnConfig{
		Limits: key.Limits, Delay: with.Metrics.FrameDelay, Awake: with.Awake, Backlog: with.Backlog,
		Lead: h.Lead, PlainCodes: h.PlainCodes,
	})
	s.Listener, s.Out = listener{s}, s.Conn.Out
	s.talk = h.Talk(s)
	return s
}
