package cartesia

import (
	"net/http"
	"strings"

	"voicerelay/access"
	"voicerelay/downstream"
	"voicerelay/downstream/session"
)

// accept upgrades a client's request to a session. Any version of the protocol is spoken, and none.
func (srv *host) accept(w http.ResponseWriter, r *http.Request, key *access.Key) {
	if !strings.EqualFold(r.Header.Get("Upgrade"), "websocket") {
		srv.refuse(w, r, key, downstream.Invalid("", "this is a WebSocket endpoint: the request has no Upgrade header"))
		return
	}
	refused := session.Serve(srv, w, r, key, session.Handshake{
		Talk: func(s *session.Session) session.Talk { return newTalk(srv, s) },
	})
	if refused != nil {
		srv.refuse(w, r, key, refused)
	}
}
