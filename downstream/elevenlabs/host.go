package elevenlabs

import (
	"net/http"

	"github.com/voicerelay/voicerelay/client/protocol"

	"voicerelay/access"
	"voicerelay/downstream"
	"voicerelay/downstream/session"
)

// name is what records and the configuration call the dialect.
const name = "elevenlabs"

// host is the server that the dialect is mounted on.
type host struct {
	downstream.Server
	with     downstream.Services
	innerKey *session.InnerKey
}

// refuse counts a refusal and answers with it.
func (srv *host) refuse(w http.ResponseWriter, r *http.Request, key *access.Key, err *protocol.Error) {
	srv.Refused(srv.RemoteOf(r), err.Code, key)
	refuse(w, err)
}
