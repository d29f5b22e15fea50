package elevenlabs

import (
	"net/http"
	"time"

	"github.com/voicerelay/voicerelay/client/protocol"

	"voicerelay/access"
	"voicerelay/downstream"
	"voicerelay/downstream/session"
	"voicerelay/relay"
)

// acceptMulti serves multi-stream-input: several contexts on one connection.
func (srv *host) acceptMulti(w http.ResponseWriter, r *http.Request, key *access.Key) {
	srv.accept(w, r, key, false)
}

// acceptSingle serves stream-input: one text on one connection.
func (srv *host) acceptSingle(w http.ResponseWriter, r *http.Request, key *access.Key) {
	srv.accept(w, r, key, true)
}

// lead is how far audio goes ahead of its playback on a connection of several contexts, which agents use. LiveKit's plugins say
// nothing when they are interrupted after the end of their text, so what has not gone out by then is never heard. It is as much as a
// bad network may delay. Programs that have one text on a connection mostly keep the audio, and want it soon.
const lead = 5 * time.Second

// accept upgrades a client's request to a session. What can be refused is refused here, since programs understand a status better
// than a message that comes later.
func (srv *host) accept(w http.ResponseWriter, r *http.Request, key *access.Key, single bool) {
	a, refused := readAddress(r, srv.Settings(name), srv.Codecs())
	if refused == nil && key != nil {
		refused = srv.admit(&a, key)
	}
	if refused == nil {
		h := session.Handshake{
			PlainCodes: true,
			Talk:       func(s *session.Session) session.Talk { return srv.newTalk(s, a, single) },
			InnerKey:   srv.innerKey,
			Admit:      func(key *access.Key) *protocol.Error { return srv.admit(&a, key) },
		}
		if !single {
			h.Lead = lead
		}
		refused = session.Serve(srv, w, r, key, h)
	}
	if refused != nil {
		srv.Refuse(w, r, key, refused)
	}
}

// admit refuses an address of which the key may not have the voice, or the route.
func (srv *host) admit(a *address, key *access.Key) *protocol.Error {
	held, gone := srv.Hold(key)
	if gone != nil {
		return downstream.WireError(gone)
	}
	defer held.Release()
	request, refused := a.request(srv, held.Terms)
	if refused != nil {
		return refused
	}
	return downstream.WireError(srv.Services().Engine.Check(request, held.Terms))
}

// request is what an address asks for, with the names of the configuration.
func (a *address) request(srv *host, on *relay.Terms) (relay.Request, *protocol.Error) {
	return srv.resolve(on, a.voice, a.model, relay.Request{
		Language:       a.language,
		Speed:          1,
		Output:         a.output.Format,
		Kbps:           a.output.kbps,
		WordTimestamps: true, // Pipecat doesn't ask for times, and wants them
		Normalize:      a.normalize,
	})
}
