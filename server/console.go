package server

import (
	"net/http"

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
