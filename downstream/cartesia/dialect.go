package cartesia

import (
	"strings"

	"voicerelay/downstream"
)

// Dialect is the protocol of Cartesia's clients.
type Dialect struct{}

var _ downstream.Dialect = Dialect{}

// Name implements downstream.Dialect.
func (Dialect) Name() string { return name }

// Prefix implements downstream.Dialect.
func (Dialect) Prefix() string { return "/cartesia" }

// Routes implements downstream.Dialect.
func (Dialect) Routes(on downstream.Server) []downstream.Route {
	srv := &host{downstream.Host{Server: on, Write: writeError}}
	routes := []downstream.Route{
		{Method: "GET", Path: "/tts/websocket", Upgrade: true, Serve: srv.accept},
		{Method: "POST", Path: "/tts/bytes", Serve: srv.bytesEndpoint().Serve},
		{Method: "POST", Path: "/tts/sse", Serve: srv.eventsEndpoint().Serve},
		{Method: "GET", Path: "/voices", Serve: srv.listVoices},
		{Method: "GET", Path: "/voices/{id}", Serve: srv.showVoice},
	}
	for i := range routes {
		if strings.HasPrefix(routes[i].Path, "/tts/") {
			routes[i].Root = routes[i].Path
		}
		routes[i].Key, routes[i].Refuse = downstream.AnyKey, writeError
	}
	return routes
}
