package deepgram

import (
	"net/http"
	"strings"

	"voicerelay/downstream"
)

// Dialect is that of clients of Deepgram's speech.
type Dialect struct{}

var _ downstream.Dialect = Dialect{}

// Name implements downstream.Dialect.
func (Dialect) Name() string { return name }

// Prefix implements downstream.Dialect.
func (Dialect) Prefix() string { return "/deepgram" }

// Routes implements downstream.Dialect.
func (Dialect) Routes(on downstream.Server) []downstream.Route {
	srv := &host{Server: on, with: on.Services()}
	var routes []downstream.Route
	for _, v := range []*version{aura, flux} {
		routes = append(routes,
			downstream.Route{Method: http.MethodGet, Path: v.path, Root: v.path, Upgrade: true, Serve: srv.accept(v)},
			downstream.Route{Method: http.MethodPost, Path: v.path, Root: v.path, Serve: srv.endpoint(v).Serve},
		)
	}
	const models = "/v1/models"
	routes = append(routes, downstream.Route{Method: http.MethodGet, Path: models, Root: models, Only: bearsToken, Serve: srv.models})
	for i := range routes {
		routes[i].Key, routes[i].Refuse = downstream.AnyKey, refuse
	}
	return routes
}

// bearsToken reports whether a request's key stands in the header as Deepgram's clients have it. Others ask for their own models
// at the same path.
func bearsToken(r *http.Request) bool {
	scheme, _, _ := strings.Cut(strings.TrimSpace(r.Header.Get("Authorization")), " ")
	return strings.EqualFold(scheme, "Token")
}
