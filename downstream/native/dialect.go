package native

import (
	"voicerelay/downstream"
)

// Dialect is the relay's own protocol: sessions over WebSockets, and single texts over HTTP.
type Dialect struct{}

var _ downstream.Dialect = Dialect{}

// Name implements downstream.Dialect.
func (Dialect) Name() string { return "native" }

// Prefix implements downstream.Dialect.
func (Dialect) Prefix() string { return "" }

// Routes implements downstream.Dialect.
func (Dialect) Routes(on downstream.Server) []downstream.Route {
	srv := &host{Server: on, with: on.Services()}
	const path = "/v1/speech"
	return []downstream.Route{
		{Method: "GET", Path: path, Upgrade: true, Serve: srv.accept},
		{Method: "POST", Path: path, Serve: srv.speechEndpoint().Serve},
	}
}
