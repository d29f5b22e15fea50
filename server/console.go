package server

import (
	"net/http"

	"voicerelay/access"
	"voicerelay/console"
)

// consoleAt are the paths of the console.
var consoleAt = []string{"/console", "/console/{file...}"}

// consolePage serves the console, unless it is switched off.
func (srv *Server) consolePage(access func() console.Access) http.HandlerFunc {
	page, err := console.Handler(func() console.Page { return console.Page{Access: access(), Demo: srv.emulated != nil} })
	if err != nil {
		panic(err) // it reads what is within the binary
	}
	return func(w http.ResponseWriter, r *http.Request) {
		if !srv.setup.Load().console {
			srv.notFound(w, r)
			return
		}
		page.ServeHTTP(w, r)
	}
}

// consoleAccess is how a page of the clients' address may ask.
func (srv *Server) consoleAccess() console.Access {
	if len(srv.setup.Load().keys) > 0 {
		return console.WithKey
	}
	return console.Local
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

// sameOrigin reports whether a page that the relay itself has served asks: the console. A browser says so, or the page's origin is the
// host that it asks. Another name that points at this relay is refused by its Host where no key is needed.
func sameOrigin(r *http.Request) bool {
	origin := r.Header.Get("Origin")
	return r.Header.Get("Sec-Fetch-Site") == "same-origin" || origin == "http://"+r.Host || origin == "https://"+r.Host
}
