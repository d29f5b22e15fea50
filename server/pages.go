package server

import (
	"cmp"
	"net/http"
)

// forPages lets pages of the configured origins read answers, by the rules that browsers hold them to (the Fetch
// standard's CORS protocol). Pages from elsewhere are refused as any request of theirs is.
func (srv *Server) forPages(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		origin := r.Header.Get("Origin")
		if origin == "" || srv.setup.Load().checkOrigin(r) != nil {
			next.ServeHTTP(w, r)
			return
		}
		h := w.Header()
		h.Set("Access-Control-Allow-Origin", origin)
		h.Add("Vary", "Origin")
		h.Set("Access-Control-Expose-Headers", "Generation-Id, Record-Id, Generation-Status, Usage, Retry-After, Retry-After-Ms, X-Request-Id, X-Should-Retry")
		if r.Method == http.MethodOptions && r.Header.Get("Access-Control-Request-Method") != "" {
			answerPreflight(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// answerPreflight says what a page may send. It is asked without a key, and tells nothing of the relay. Programs that others wrote send
// headers of their own with each request, so a page of a configured origin may send any.
func answerPreflight(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Access-Control-Allow-Methods", "GET, POST, PUT, DELETE")
	h.Set("Access-Control-Allow-Headers", cmp.Or(r.Header.Get("Access-Control-Request-Headers"), "Authorization, Content-Type, Idempotency-Key"))
	h.Add("Vary", "Access-Control-Request-Headers")
	h.Set("Access-Control-Max-Age", "600")
	w.WriteHeader(http.StatusNoContent)
}
