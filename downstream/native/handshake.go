package native

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/voicerelay/voicerelay/client/protocol"

	"voicerelay/access"
	"voicerelay/downstream"
	"voicerelay/limits"
	"voicerelay/relay/delivery"
)

// accept upgrades a client's request to a session. The session owns the connection from then on; the handler
// returns, and its goroutine's stack goes with it.
func (srv *host) accept(w http.ResponseWriter, r *http.Request, key *access.Key) {
	binary, refused := checkUpgrade(r)
	var leave func()
	if refused == nil {
		leave, refused = srv.Connect(key)
	}
	if refused != nil {
		srv.Refuse(w, r, key, refused)
		return
	}
	s := srv.newSession(key, binary)
	s.Remote = srv.RemoteOf(r)
	if err := s.conn.Upgrade(w, r, protocol.Subprotocol); err != nil {
		leave()
		log := s.Log()
		log.Debug().Err(err).Msg("upgrade failed")
		return
	}
	var ctx context.Context
	ctx, s.cancel = context.WithCancelCause(context.Background())
	s.sendReady()
	if !srv.Enroll(s) {
		leave()
		s.conn.Cut() // the relay began to drain during the upgrade
		return
	}
	s.ShutWithoutKey() // which may have gone during the upgrade, when no reload knew of the session yet
	srv.with.Metrics.Connections.Inc()
	go func() { // Drain waits for it
		defer srv.Leave(s)
		defer leave()
		defer srv.with.Metrics.Connections.Dec()
		s.run(ctx)
	}()
}

func (srv *host) newSession(key *access.Key, binary bool) *session {
	now := time.Now()
	s := &session{
		Client:  srv.with.Engine.NewClient(key),
		srv:     srv,
		binary:  binary,
		began:   now,
		rate:    limits.NewRate(key.Limits.GenerationsPerMinute),
		cancels: limits.NewRate(key.Limits.CancelsPerMinute),
		setting: limits.NewRate(configuresPerMinute(key.Limits)),
	}
	s.conn = delivery.NewConn(s, delivery.ConnConfig{Limits: key.Limits, Delay: srv.with.Metrics.FrameDelay, Awake: srv.with.Awake, Backlog: srv.with.Backlog})
	s.Listener, s.Out = s, s.conn.Out
	return s
}

// checkUpgrade looks at what a client asks for before its connection becomes a WebSocket.
func checkUpgrade(r *http.Request) (binary bool, refused *protocol.Error) {
	if !strings.EqualFold(r.Header.Get("Upgrade"), "websocket") {
		return false, downstream.Invalid("", "GET /v1/speech is a WebSocket endpoint: the request has no Upgrade header")
	}
	query, refused := downstream.Parameters(r.URL.RawQuery, "audio")
	if refused != nil {
		return false, refused
	}
	if audio := query.Get("audio"); query.Has("audio") && audio != "json" && audio != "binary" {
		return false, downstream.Invalid("audio", "audio must be json or binary")
	}
	offered := strings.Split(strings.Join(r.Header.Values("Sec-WebSocket-Protocol"), ","), ",")
	for i := range offered {
		offered[i] = strings.TrimSpace(offered[i])
	}
	if offered[0] != "" && !slices.Contains(offered, protocol.Subprotocol) {
		return false, downstream.Invalid("", "the only subprotocol is "+protocol.Subprotocol)
	}
	return query.Get("audio") == "binary", nil
}

// sendReady queues what the client hears first.
func (s *session) sendReady() {
	s.send(protocol.Ready{
		SessionID: s.ID,
		Protocol:  protocol.Version,
		Limits:    wireLimits(s.Key.Limits),
		Formats:   formats(),
	})
}
