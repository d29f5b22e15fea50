package server

import (
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"

	"voicerelay/access"
	"voicerelay/console"
	"voicerelay/downstream"
	"voicerelay/server/answer"
)

// Handler serves every endpoint.
func (srv *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	srv.mount(mux, srv.ownRoutes())
	for path, serve := range map[string]http.HandlerFunc{"/healthz": srv.healthy, "/readyz": srv.ready} {
		mux.HandleFunc("GET "+path, srv.open(serve))
		mux.HandleFunc(path, srv.open(srv.allowOnly("GET, HEAD")))
	}
	page := srv.open(srv.consolePage(srv.consoleAccess))
	for _, path := range consoleAt {
		mux.HandleFunc("GET "+path, page)
		mux.HandleFunc(path, srv.open(srv.allowOnly("GET, HEAD")))
	}
	mux.HandleFunc("/", srv.open(srv.notFound))
	return bounded(srv.forPages(mux))
}

// ownRoutes are the endpoints that are of no dialect, and want a key.
func (srv *Server) ownRoutes() []downstream.Route {
	var routes []downstream.Route
	for path, serve := range map[string]downstream.Handler{
		"/v1/live":          srv.admin(srv.live.Watch),
		"/v1/relays":        srv.admin(srv.live.Relays),
		"/v1/voices":        srv.listVoices,
		"/v1/routes":        srv.listRoutes,
		"/v1/providers":     srv.admin(srv.listProviders),
		"/v1/budgets":       srv.listBudgets,
		"/v1/keys":          srv.listKeys,
		"/v1/tenants":       srv.listTenants,
		"/v1/config":        srv.admin(srv.showConfiguration),
		"/v1/prices":        srv.admin(srv.showPrices),
		"/v1/prices/{list}": srv.admin(srv.findPrices),
		"/v1/failures":      srv.listFailures,
		"/v1/usage":         srv.usage.Sums,
		"/v1/usage/records": srv.usage.Records,
		"/metrics":          srv.admin(srv.scrape),
	} {
		routes = append(routes, downstream.Route{Method: http.MethodGet, Path: path, Serve: serve})
	}
	return append(routes,
		downstream.Route{Method: http.MethodDelete, Path: "/v1/live/{record_id}", Serve: srv.admin(srv.live.Stop)},
		downstream.Route{Method: http.MethodGet, Path: "/v1/demo", Serve: srv.admin(srv.demo)},
		downstream.Route{Method: http.MethodPut, Path: "/v1/demo", Serve: srv.admin(srv.demo)},
	)
}

// showConfiguration answers GET /v1/config, for admins.
func (srv *Server) showConfiguration(w http.ResponseWriter, _ *http.Request, _ *access.Key) {
	answer.JSON(w, http.StatusOK, srv.configuration())
}

func (srv *Server) scrape(w http.ResponseWriter, r *http.Request, _ *access.Key) {
	promhttp.HandlerFor(srv.registry, promhttp.HandlerOpts{}).ServeHTTP(w, r)
}

// unwantedPatience bounds how long the server waits for a body that no handler reads. No client needs to send one, so it is
// short; it is long enough for one that comes right after its header.
const unwantedPatience = 2 * time.Second

// bounded cuts off a client that does not take its answer, or that announces a body and does not send it: the server
// reads what a handler has left of a body before it answers.
func bounded(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		downstream.AllowTime(w)
		if r.Body != nil && r.Body != http.NoBody {
			// It fails only where the connection is over. Without a body there must be no deadline: it would end a request that
			// takes its time.
			_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(unwantedPatience))
		}
		next.ServeHTTP(w, r)
	})
}

// operator stands for those who reach the operators' address: they may see all, and change nothing.
var operator = access.Key{Name: "(admin_listen)", Admin: true}

// operatorRoutes are what the operators' address serves without a key, by path: all that can be read.
func (srv *Server) operatorRoutes() map[string]http.HandlerFunc {
	routes := map[string]http.HandlerFunc{"/healthz": srv.healthy, "/readyz": srv.ready}
	for _, route := range srv.ownRoutes() {
		if route.Method == http.MethodGet && route.Path != "/v1/live" {
			routes[route.Path] = func(w http.ResponseWriter, r *http.Request) { route.Serve(w, r, &operator) }
		}
	}
	routes["/v1/live"] = func(w http.ResponseWriter, r *http.Request) { srv.live.Watch(w, r, nil) }
	for _, path := range consoleAt {
		routes[path] = srv.consolePage(func() console.Access { return console.ReadOnly })
	}
	return routes
}

// AdminHandler serves what operators want on an address of its own: it asks for no key, since only they reach it, and takes
// nothing from browser pages that had a name resolved to it.
func (srv *Server) AdminHandler() http.Handler {
	mux := http.NewServeMux()
	for path, serve := range srv.operatorRoutes() {
		mux.HandleFunc("GET "+path, serve)
	}
	mux.HandleFunc("/", srv.notFound)
	return bounded(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := srv.setup.Load().checkAdminHost(r); err != nil {
			srv.Refuse(w, r, nil, err)
			return
		}
		mux.ServeHTTP(w, r)
	}))
}

func (srv *Server) healthy(w http.ResponseWriter, _ *http.Request) {
	answer.JSON(w, http.StatusOK, map[string]string{"status": "ok"})
}

// ready says whether generations are taken, and whether this relay decides alone what all relays should.
func (srv *Server) ready(w http.ResponseWriter, _ *http.Request) {
	status, since := srv.status(), srv.standing().DegradedSince
	switch {
	case status != statusReady:
		answer.JSON(w, http.StatusServiceUnavailable, map[string]string{"status": status})
	case !since.IsZero():
		told := map[string]any{"status": status, "degraded": true, "degraded_since": since.UTC().Format(time.RFC3339)}
		answer.JSON(w, http.StatusOK, told)
	default:
		answer.JSON(w, http.StatusOK, map[string]string{"status": status})
	}
}

func (srv *Server) listVoices(w http.ResponseWriter, _ *http.Request, key *access.Key) {
	answer.JSON(w, http.StatusOK, map[string]any{"voices": srv.setup.Load().Table().Voices(key.Allow)})
}

func (srv *Server) listRoutes(w http.ResponseWriter, _ *http.Request, key *access.Key) {
	answer.JSON(w, http.StatusOK, map[string]any{"routes": srv.setup.Load().Table().Routes(key.Allow)})
}
