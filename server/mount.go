package server

import (
	"cmp"
	"net/http"
	"slices"
	"strings"

	"github.com/voicerelay/voicerelay/client/protocol"

	"voicerelay/access"
	"voicerelay/downstream"
)

// endpoints are the routes of all dialects by method and path. At the root several may have the same.
type endpoints struct {
	methods map[string][]string           // by path
	routes  map[string][]downstream.Route // by method and path
	upgrade map[string]bool               // by path
}

// add enters a route at a path.
func (e *endpoints) add(path string, r downstream.Route) {
	pattern := r.Method + " " + path
	if len(e.routes[pattern]) == 0 {
		e.methods[path] = append(e.methods[path], r.Method)
	}
	e.routes[pattern] = append(e.routes[pattern], r)
	e.upgrade[path] = e.upgrade[path] || r.Upgrade
}

// endpoints are those of the dialects that are spoken, and own ones, whose paths dialects may have as well.
func (srv *Server) endpoints(own []downstream.Route) *endpoints {
	all := &endpoints{
		methods: make(map[string][]string), routes: make(map[string][]downstream.Route), upgrade: make(map[string]bool),
	}
	for _, r := range own {
		all.add(r.Path, r)
	}
	for _, d := range srv.dialects {
		set := srv.Settings(d.Name())
		if !set.Enabled {
			continue
		}
		for _, r := range d.Routes(srv) {
			alone := r
			alone.Only = nil // below its prefix nobody else has a path
			all.add(cmp.Or(set.Prefix, d.Prefix())+r.Path, alone)
			if r.Root != "" && set.Root {
				all.add(r.Root, r)
			}
		}
	}
	return all
}

// mount mounts the dialects' endpoints, and own ones. A path takes the methods of its routes and no others.
func (srv *Server) mount(mux *http.ServeMux, own []downstream.Route) {
	all := srv.endpoints(own)
	for pattern, routes := range all.routes {
		mux.HandleFunc(pattern, srv.choose(routes))
	}
	for path, allowed := range all.methods {
		if slices.Contains(allowed, http.MethodGet) && !all.upgrade[path] {
			allowed = append(allowed, http.MethodHead) // which the library serves as a GET
		}
		only := srv.open(srv.allowOnly(strings.Join(allowed, ", ")))
		mux.HandleFunc(path, only)
		if all.upgrade[path] {
			mux.HandleFunc("HEAD "+path, only)
		}
	}
}

// choose serves each request by the first route whose Only takes it, else by the first that has none.
func (srv *Server) choose(routes []downstream.Route) http.HandlerFunc {
	served := make([]http.HandlerFunc, len(routes))
	for i, r := range routes {
		served[i] = srv.serveRoute(r)
	}
	return func(w http.ResponseWriter, r *http.Request) {
		otherwise := srv.notFound
		for i, route := range routes {
			if route.Only == nil {
				otherwise = served[i]
			} else if route.Only(r) {
				served[i](w, r)
				return
			}
		}
		otherwise(w, r)
	}
}

// serveRoute serves the requests of a route that bear a valid key, and those that may bear it inside.
func (srv *Server) serveRoute(route downstream.Route) http.HandlerFunc {
	keyOf, refuse := route.Key, route.Refuse
	if keyOf == nil {
		keyOf = downstream.BearerKey
	}
	if refuse == nil {
		refuse = downstream.WriteError
	}
	serve := route.Serve
	if route.Upgrade {
		serve = upgradeOnly(downstream.Host{Server: srv, Write: refuse}, serve)
	}
	return func(w http.ResponseWriter, r *http.Request) {
		presented := keyOf(r)
		key, err := srv.setup.Load().admit(r, presented)
		if err != nil && err.Code == protocol.CodeAuthFailed && presented == "" && route.KeyInside {
			serve(w, r, nil)
			return
		}
		if err == nil {
			serve(w, r, key)
			return
		}
		answer := srv.answerTo(r, key, presented, err)
		if answer.Code == protocol.CodeRateLimitExceeded {
			w.Header().Set("Connection", "close") // another guess costs another connection
		}
		refuse(w, answer)
	}
}

// upgradeOnly refuses a request that does not ask for a WebSocket.
func upgradeOnly(on downstream.Host, serve downstream.Handler) downstream.Handler {
	return func(w http.ResponseWriter, r *http.Request, key *access.Key) {
		if strings.EqualFold(r.Header.Get("Upgrade"), "websocket") {
			serve(w, r, key)
			return
		}
		on.Refuse(w, r, key, downstream.Invalid("", "this is a WebSocket endpoint: the request has no Upgrade header"))
	}
}

// Settings implements downstream.Server. A dialect that nothing is said of has its own paths, at the root too.
func (srv *Server) Settings(dialect string) downstream.Settings {
	if set, ok := srv.setup.Load().dialects[dialect]; ok {
		return set
	}
	return downstream.DefaultSettings()
}

// allowOnly refuses a method that a path does not have.
func (srv *Server) allowOnly(methods string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Allow", methods)
		refused := downstream.Invalid("", "this path has "+methods+" only")
		refused.Status = http.StatusMethodNotAllowed
		srv.Refuse(w, r, nil, refused)
	}
}

// admin serves requests with an admin's key alone.
func (srv *Server) admin(next downstream.Handler) downstream.Handler {
	return func(w http.ResponseWriter, r *http.Request, key *access.Key) {
		if !key.Admin {
			srv.Refuse(w, r, key, &protocol.Error{Code: protocol.CodeNotAllowed, Message: "this needs an admin key"})
			return
		}
		next(w, r, key)
	}
}

// open serves requests whether they bear a key or not.
func (srv *Server) open(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if err := srv.setup.Load().checkPlace(r); err != nil {
			srv.Refuse(w, r, nil, err)
			return
		}
		next(w, r)
	}
}

func (srv *Server) notFound(w http.ResponseWriter, r *http.Request) {
	refused := downstream.Invalid("", "no such endpoint: "+r.Method+" on this path")
	refused.Status = http.StatusNotFound
	srv.Refuse(w, r, nil, refused)
}
