package native

import (
	"net/http"
	"slices"

	"github.com/voicerelay/voicerelay/client/protocol"

	"voicerelay/access"
	"voicerelay/downstream"
	"voicerelay/downstream/session"
	"voicerelay/limits"
)

// accept upgrades a client's request to a session.
func (srv *host) accept(w http.ResponseWriter, r *http.Request, key *access.Key) {
	binary, refused := checkUpgrade(r)
	if refused == nil {
		refused = session.Serve(srv, w, r, key, session.Handshake{
			Subprotocol: protocol.Subprotocol,
			Talk:        func(s *session.Session) session.Talk { return srv.newTalk(s, binary) },
		})
	}
	if refused != nil {
		srv.Refuse(w, r, key, refused)
	}
}

// checkUpgrade looks at what a client asks for before its connection becomes a WebSocket.
func checkUpgrade(r *http.Request) (binary bool, refused *protocol.Error) {
	query, refused := downstream.Parameters(r.URL.RawQuery, "audio")
	if refused != nil {
		return false, refused
	}
	if audio := query.Get("audio"); query.Has("audio") && audio != "json" && audio != "binary" {
		return false, downstream.Invalid("audio", "audio must be json or binary")
	}
	if offered := downstream.Subprotocols(r); len(offered) > 0 && !slices.Contains(offered, protocol.Subprotocol) {
		return false, downstream.Invalid("", "the only subprotocol is "+protocol.Subprotocol)
	}
	return query.Get("audio") == "binary", nil
}

func (srv *host) newTalk(s *session.Session, binary bool) *talk {
	return &talk{
		Session: s,
		srv:     srv,
		binary:  binary,
		cancels: limits.NewRate(s.Key.Limits.CancelsPerMinute),
		setting: limits.NewRate(configuresPerMinute(s.Key.Limits)),
	}
}

// Opened sends what the client hears first.
func (t *talk) Opened() {
	t.send(protocol.Ready{
		SessionID: t.ID,
		Protocol:  protocol.Version,
		Limits:    wireLimits(t.Key.Limits),
		Formats:   t.srv.formats(),
	})
}
