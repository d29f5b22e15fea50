package elevenlabs

import (
	"net/http"

	"github.com/voicerelay/voicerelay/client/protocol"

	"voicerelay/access"
	"voicerelay/downstream"
)

// Dialect is the API of ElevenLabs, as far as it is for text to speech.
type Dialect struct{}

var _ downstream.Dialect = Dialect{}

const name = "elevenlabs"

// Name implements downstream.Dialect.
func (Dialect) Name() string { return name }

// Prefix implements downstream.Dialect.
func (Dialect) Prefix() string { return "/elevenlabs" }

// Routes implements downstream.Dialect.
func (Dialect) Routes(on downstream.Server) []downstream.Route {
	srv := &host{Server: on, with: on.Services()}
	const speech = "/v1/text-to-speech/{voice}"
	routes := []downstream.Route{
		{Method: http.MethodGet, Path: speech + "/multi-stream-input", Upgrade: true, Serve: srv.acceptMulti},
		{Method: http.MethodGet, Path: speech + "/stream-input", Upgrade: true, Serve: srv.acceptSingle},
	}
	for i := range routes {
		routes[i].Root = routes[i].Path
		routes[i].Key, routes[i].Refuse = downstream.AnyKey, refuse
	}
	return routes
}

// host is the server that the dialect is mounted on.
type host struct {
	downstream.Server
	with downstream.Services
}

// refuse counts a refusal and answers with it.
func (srv *host) refuse(w http.ResponseWriter, r *http.Request, key *access.Key, err *protocol.Error) {
	srv.Refused(srv.RemoteOf(r), err.Code, key)
	refuse(w, err)
}
