package deepgram

import (
	"net/http"
	"time"

	"github.com/voicerelay/voicerelay/client/protocol"

	"voicerelay/access"
	"voicerelay/downstream"
	"voicerelay/downstream/session"
	"voicerelay/routing"
)

// lead is how far audio is sent ahead of its playback: enough for any network. livekit-plugins-deepgram 1.8.9 leaves a socket unread
// when its listener interrupts, until its next turn begins: what was not sent by then is dropped.
const lead = 5 * time.Second

// accept upgrades requests to sessions of a version.
func (srv *host) accept(v *version) downstream.Handler {
	return func(w http.ResponseWriter, r *http.Request, key *access.Key) {
		a, refused := srv.checkUpgrade(r, key, v)
		if refused == nil {
			refused = session.Serve(srv, w, r, key, session.Handshake{
				Subprotocol: subprotocol(r), Lead: lead, PlainCodes: true,
				Talk: func(s *session.Session) session.Talk {
					w.Header().Set(headerRequest, s.ID) // nothing of the answer has been written yet
					return newTalk(srv, s, v, a)
				},
			})
		}
		if refused != nil {
			srv.Refuse(w, r, key, refused)
		}
	}
}

// subprotocol is the one to choose: that which announces a browser's key.
func subprotocol(r *http.Request) string {
	if downstream.SubprotocolKey(r) == "" {
		return ""
	}
	return downstream.Subprotocols(r)[0]
}

// checkUpgrade refuses whatever can be known before a connection becomes a WebSocket: of its settings all.
func (srv *host) checkUpgrade(r *http.Request, key *access.Key, v *version) (asked, *protocol.Error) {
	a, query, refused := readQuery(r, v)
	if refused != nil {
		return asked{}, refused
	}
	if a.output, refused = rawFormat(query); refused != nil {
		return asked{}, refused
	}
	held, gone := srv.Hold(key)
	if gone != nil {
		return asked{}, downstream.WireError(gone)
	}
	defer held.Release()
	request, refused := srv.request(held.Terms, v, a)
	if refused != nil {
		return asked{}, refused
	}
	_, unable := srv.Services().Engine.Prepare(request, routing.Target{}, held.Terms)
	return a, downstream.WireError(unable)
}
