package session

import (
	"net/http"
	"time"

	"github.com/voicerelay/voicerelay/client/protocol"

	"voicerelay/access"
	"voicerelay/downstream"
)

// Serve upgrades a client's request to a session, or returns why it is refused; nothing has been written then. The session
// owns the connection from then on; the handler returns, and its goroutine's stack goes with it. A nil key may be in the first
// message.
func Serve(on downstream.Server, w http.ResponseWriter, r *http.Request, key *access.Key, h Handshake) *protocol.Error {
	if key == nil {
		return h.InnerKey.serve(on, w, r, h)
	}
	leave, refused := on.Connect(key)
	if refused != nil {
		return refused
	}
	s := &Session{On: on, began: time.Now()}
	s.Remote, s.Trace = on.RemoteOf(r), downstream.TraceOf(r)
	s.connect(key.Limits, h)
	s.become(key, h)
	if err := s.Conn.Upgrade(w, r, h.Subprotocol); err != nil {
		leave()
		log := s.Log()
		log.Debug().Err(err).Msg("upgrade failed")
		return nil
	}
	s.start(leave)
	return nil
}
