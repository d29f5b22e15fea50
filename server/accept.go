package server

import (
	"context"
	"crypto/sha256"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"voicerelay/access"

	"github.com/voicerelay/voicerelay/client/protocol"

	"voicerelay/limits"
	"voicerelay/relay/delivery"
)

// accept upgrades a client's request to a session. The session owns the connection from then on; the handler
// returns, and its goroutine's stack goes with it.
func (srv *Server) accept(w http.ResponseWriter, r *http.Request, key *access.Key) {
	binary, refused := checkUpgrade(r)
	if refused == nil {
		refused = srv.mayServe()
	}
	var leave func()
	if refused == nil {
		leave, refused = srv.admitConnection(key, time.Now())
	}
	if refused != nil {
		srv.refuse(w, r, key, refused)
		return
	}
	s := srv.newSession(key, binary)
	s.Remote = srv.setup.Load().remoteOf(r)
	if err := s.conn.Upgrade(w, r, protocol.Subprotocol); err != nil {
		leave()
		log := s.Log()
		log.Debug().Err(err).Msg("upgrade failed")
		return
	}
	var ctx context.Context
	ctx, s.cancel = context.WithCancelCause(context.Background())
	s.sendReady()
	if !srv.enroll(s) {
		leave()
		s.conn.Cut() // the relay began to drain during the upgrade
		return
	}
	s.shutWithoutKey() // which may have gone during the upgrade, when no reload knew of the session yet
	srv.metrics.Connections.Inc()
	go func() { // Drain waits for it
		defer srv.leave(s)
		defer leave()
		defer srv.metrics.Connections.Dec()
		s.run(ctx)
	}()
}

func (srv *Server) newSession(key *access.Key, binary bool) *session {
	now := time.Now()
	s := &session{
		Client:  srv.engine.NewClient(key),
		srv:     srv,
		binary:  binary,
		began:   now,
		rate:    limits.NewRate(key.Limits.GenerationsPerMinute),
		cancels: limits.NewRate(key.Limits.CancelsPerMinute),
		setting: limits.NewRate(configuresPerMinute(key.Limits)),
	}
	s.conn = delivery.NewConn(s, delivery.ConnConfig{Limits: key.Limits, Delay: srv.metrics.FrameDelay, Awake: srv.awake, Backlog: &srv.backlog})
	s.Listener, s.Out = s, s.conn.Out
	return s
}

func goingAway() *protocol.Error {
	return &protocol.Error{Code: protocol.CodeDraining, Message: "the relay is shutting down"}
}

// checkUpgrade looks at what a client asks for before its connection becomes a WebSocket.
func checkUpgrade(r *http.Request) (binary bool, refused *protocol.Error) {
	if !strings.EqualFold(r.Header.Get("Upgrade"), "websocket") {
		return false, invalid("", "GET /v1/speech is a WebSocket endpoint: the request has no Upgrade header")
	}
	query, refused := parseParameters(r.URL.RawQuery, "audio")
	if refused != nil {
		return false, refused
	}
	if audio := query.Get("audio"); query.Has("audio") && audio != "json" && audio != "binary" {
		return false, invalid("audio", "audio must be json or binary")
	}
	offered := strings.Split(strings.Join(r.Header.Values("Sec-WebSocket-Protocol"), ","), ",")
	for i := range offered {
		offered[i] = strings.TrimSpace(offered[i])
	}
	if offered[0] != "" && !slices.Contains(offered, protocol.Subprotocol) {
		return false, invalid("", "the only subprotocol is "+protocol.Subprotocol)
	}
	return query.Get("audio") == "binary", nil
}

// parseParameters reads a query that has no parameters but those known and the key, each once.
func parseParameters(rawQuery string, known ...string) (url.Values, *protocol.Error) {
	query, err := url.ParseQuery(rawQuery)
	if err != nil {
		return nil, invalid("", "malformed query")
	}
	for name, values := range query {
		if name != "api_key" && !slices.Contains(known, name) {
			return nil, invalid(name, "unknown query parameter "+name)
		}
		if len(values) > 1 {
			return nil, invalid(name, "query parameter "+name+" is repeated")
		}
	}
	return query, nil
}

func invalid(param, message string) *protocol.Error {
	return &protocol.Error{Code: protocol.CodeInvalidRequest, Param: param, Message: message}
}

// admitRequest checks a request to any endpoint: where it comes from, and, where keys are configured and the
// endpoint wants one, its key.
func (srv *Server) admitRequest(r *http.Request, open bool) (*access.Key, *protocol.Error) {
	set := srv.setup.Load()
	if err := set.checkOrigin(r); err != nil {
		return nil, err
	}
	if len(set.keys) == 0 {
		return &set.local, set.checkLocal(r)
	}
	if open {
		return &set.local, nil
	}
	return set.authenticate(r)
}

// checkOrigin refuses browser pages from elsewhere: a browser sends the user's network position along.
func (set *setup) checkOrigin(r *http.Request) *protocol.Error {
	origin := r.Header.Get("Origin")
	if origin == "" || slices.ContainsFunc(set.origins, func(o string) bool { return strings.EqualFold(o, origin) }) {
		return nil
	}
	return &protocol.Error{Code: protocol.CodeOriginNotAllowed, Message: "this origin is not configured"}
}

// authenticate finds the request's key. One that has expired is returned with the error.
func (set *setup) authenticate(r *http.Request) (*access.Key, *protocol.Error) {
	found, now := set.keyOf(sha256.Sum256([]byte(presentedKey(r)))), time.Now()
	switch {
	case found == nil:
		return nil, &protocol.Error{Code: protocol.CodeAuthFailed, Message: "no key, or not a valid one"}
	case found.Expired(now):
		set.uses[found.Hash].expired.Add(1)
		return found, keyExpired()
	}
	set.use(found, now)
	return found, nil
}

// presentedKey is the key in the header, else the one in the query.
func presentedKey(r *http.Request) string {
	scheme, key, ok := strings.Cut(r.Header.Get("Authorization"), " ")
	if ok && strings.EqualFold(scheme, "Bearer") {
		return strings.TrimSpace(key)
	}
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return ""
	}
	return query.Get("api_key")
}
