package cartesia

import (
	"net/http"
	"time"

	"voicerelay/access"
	"voicerelay/downstream/session"
)

// lead is how far audio is sent ahead of its playback. A client that leaves its socket unread when its listener interrupts says so
// with its next turn (livekit-plugins-cartesia 1.8.9): what was not sent by then is dropped. It is more than the pauses of a network.
const lead = 10 * time.Second

// accept upgrades a client's request to a session. Any version of the protocol is spoken, and none.
func (srv *host) accept(w http.ResponseWriter, r *http.Request, key *access.Key) {
	refused := session.Serve(srv, w, r, key, session.Handshake{
		Lead: lead, PlainCodes: true,
		Talk: func(s *session.Session) session.Talk { return newTalk(srv, s) },
	})
	if refused != nil {
		srv.Refuse(w, r, key, refused)
	}
}
