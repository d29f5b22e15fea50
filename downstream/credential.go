package downstream

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"
)

// BearerKey is the key in the Authorization header, else the one in the query: where the relay's own protocol has it.
func BearerKey(r *http.Request) string {
	scheme, key, ok := strings.Cut(r.Header.Get("Authorization"), " ")
	if ok && strings.EqualFold(scheme, "Bearer") {
		return strings.TrimSpace(key)
	}
	return queryKey(r, "api_key")
}

// keyHeaders are the headers that bear nothing but a key, in any dialect.
var keyHeaders = []string{"Xi-Api-Key", "X-Api-Key", "Api-Key"}

// AnyKey is the key of a request wherever a client of another dialect puts it: the Authorization header, one of the headers
// that bear nothing else, a subprotocol, the query. Empty: there is none.
func AnyKey(r *http.Request) string {
	if key := AuthorizationKey(r.Header.Get("Authorization")); key != "" {
		return key
	}
	for _, name := range keyHeaders {
		if key := strings.TrimSpace(r.Header.Get(name)); key != "" {
			return key
		}
	}
	if key := SubprotocolKey(r); key != "" {
		return key
	}
	return queryKey(r, "api_key", "access_token", "xi_api_key", "authorization", "single_use_token")
}

// AuthorizationKey is the key in an Authorization header of any scheme: of Basic it is the password, else the user.
func AuthorizationKey(header string) string {
	scheme, rest, ok := strings.Cut(strings.TrimSpace(header), " ")
	rest = strings.TrimSpace(rest)
	switch {
	case !ok && (strings.EqualFold(scheme, "Bearer") || strings.EqualFold(scheme, "Token") || strings.EqualFold(scheme, "Basic")):
		return "" // programs without a key send it all the same
	case !ok:
		return scheme // a bare key
	case strings.EqualFold(scheme, "Bearer"), strings.EqualFold(scheme, "Token"):
		return rest
	case strings.EqualFold(scheme, "Basic"):
		pair, err := base64.StdEncoding.DecodeString(rest)
		if err != nil {
			return ""
		}
		user, password, _ := strings.Cut(string(pair), ":")
		if password != "" {
			return password
		}
		return user
	}
	return ""
}

// SubprotocolKey is the key that a browser names as a subprotocol, after "token" or "bearer", since it can't set a header; empty:
// there is none. The answer must choose the first of the two then.
func SubprotocolKey(r *http.Request) string {
	offered := Subprotocols(r)
	if len(offered) == 2 && (strings.EqualFold(offered[0], "token") || strings.EqualFold(offered[0], "bearer")) {
		return offered[1]
	}
	return ""
}

// Subprotocols are those that a WebSocket's client offers, in its order.
func Subprotocols(r *http.Request) []string {
	var offered []string
	for value := range strings.SplitSeq(strings.Join(r.Header.Values("Sec-WebSocket-Protocol"), ","), ",") {
		if value = strings.TrimSpace(value); value != "" {
			offered = append(offered, value)
		}
	}
	return offered
}

// queryKey is the first of some parameters of the query that has a value.
func queryKey(r *http.Request, names ...string) string {
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return ""
	}
	for _, name := range names {
		if key := strings.TrimSpace(query.Get(name)); key != "" {
			_, bare, ok := strings.Cut(key, " ")
			if ok && strings.EqualFold(strings.Fields(key)[0], "Bearer") {
				return strings.TrimSpace(bare)
			}
			return key
		}
	}
	return ""
}
