package server

import (
	"net/http"
	"slices"
	"strings"

	"github.com/voicerelay/voicerelay/client/protocol"
)

func notFromHere(message string) *protocol.Error {
	return &protocol.Error{Code: protocol.CodeOriginNotAllowed, Message: message}
}

// fromAnotherSite reports whether a browser says that a page of another site asks, as for an image, where it names no
// origin. Origins that are named are checked by themselves. A link that a person follows is none of that: the page that has
// it sees nothing of the answer.
func fromAnotherSite(r *http.Request) bool {
	site := r.Header.Get("Sec-Fetch-Site")
	follows := r.Method == http.MethodGet && r.Header.Get("Sec-Fetch-Mode") == "navigate" && r.Header.Get("Sec-Fetch-Dest") == "document"
	return r.Header.Get("Origin") == "" && (site == "cross-site" || site == "same-site") && !follows
}

// checkOrigin refuses browser pages from elsewhere: a browser sends the user's network position along.
func (set *setup) checkOrigin(r *http.Request) *protocol.Error {
	origin := r.Header.Get("Origin")
	if origin == "" || sameOrigin(r) || slices.ContainsFunc(set.origins, func(o string) bool { return strings.EqualFold(o, origin) }) {
		return nil
	}
	return &protocol.Error{Code: protocol.CodeOriginNotAllowed, Message: "this origin is not configured"}
}

// sameOrigin reports whether a page that the relay itself has served asks: the console. A browser says so, or the page's origin is the
// host that it asks. Another name that points at this relay is refused by its Host where no key is needed.
func sameOrigin(r *http.Request) bool {
	origin := r.Header.Get("Origin")
	return r.Header.Get("Sec-Fetch-Site") == "same-origin" || origin == "http://"+r.Host || origin == "https://"+r.Host
}
