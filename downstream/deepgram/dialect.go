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
	srv := &host{downstream.Host{Server: on, Write: refuse}}
	var routes []downstream.Route
	for _, v := range []*version{aura, flux} {
		routes = append(routes,
			downstream.Route{Method: http.MethodGet, Path: v.path, Root: v.path, Upgrade: true, Serve: srv.accept(v)},
			downstream.Route{Method: http.MethodPost, Path: v.path, Root: v.path, Serve: srv.endpoint(v).Serve},
		)
	}
	routes = append(routes, downstream.Route{Method: http.MethodGet, Path: pathModels, Root: pathModels, Only: asksForModels, Serve: srv.models})
	for i := range routes {
		routes[i].Key, routes[i].Refuse = downstream.AnyKey, refuse
	}
	return routes
}

const pathModels = "/v1/models"

// asksForModels reports whether a request is for this dialect's list: at the root, where others have theirs, one whose key stands in
// the header as Deepgram's clients have it.
func asksForModels(r *http.Request) bool {
	scheme, _, _ := strings.Cut(strings.TrimSpace(r.Header.Get("Authorization")), " ")
	return r.URL.Path != pathModels || strings.EqualFold(scheme, "Token")
}
