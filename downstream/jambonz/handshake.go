package jambonz

import (
	"net/http"

	"github.com/voicerelay/voicerelay/client/protocol"

	"voicerelay/access"
	"voicerelay/downstream"
	"voicerelay/downstream/session"
	"voicerelay/routing"
)

// accept upgrades a client's request to a session.
func (h *host) accept(w http.ResponseWriter, r *http.Request, key *access.Key) {
	asked, refused := h.checkUpgrade(r, key)
	if refused == nil {
		refused = session.Serve(h, w, r, key, session.Handshake{
			PlainCodes: true,
			Talk:       func(s *session.Session) session.Talk { return newTalk(h, s, asked) },
		})
	}
	if refused != nil {
		h.Refuse(w, r, key, refused)
	}
}

// checkUpgrade refuses whatever can be known before a connection becomes a WebSocket: all settings are in its address.
func (h *host) checkUpgrade(r *http.Request, key *access.Key) (settings, *protocol.Error) {
	asked, refused := readQuery(r.URL.Query())
	if refused != nil {
		return settings{}, refused
	}
	held, gone := h.Hold(key)
	if gone != nil {
		return settings{}, downstream.WireError(gone)
	}
	defer held.Release()
	request, refused := asked.request(h, held.Terms)
	if refused != nil {
		return settings{}, refused
	}
	_, unable := h.Services().Engine.Prepare(request, routing.Target{}, held.Terms)
	return asked, downstream.WireError(unable)
}
