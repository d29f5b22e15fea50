package server

import (
	"crypto/sha256"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/voicerelay/voicerelay/client/protocol"

	"voicerelay/access"
)

// admitRequest checks a request to any endpoint: where it comes from, and, where keys are configured and the
// endpoint wants one, its key.
func (srv *Server) admitRequest(r *http.Request, open bool) (*access.Key, *protocol.Error) {
	set := srv.setup.Load()
	if err := set.checkOrigin(r); err != nil {
		return nil, err
	}
	if len(set.keys) == 0 {
		return &set.local, set.checkLocal(r)
	}
	if open {
		return &set.local, nil
	}
	return set.authenticate(r)
}

// authenticate finds the request's key. One that has expired is returned with the error.
func (set *setup) authenticate(r *http.Request) (*access.Key, *protocol.Error) {
	found, now := set.keyOf(sha256.Sum256([]byte(presentedKey(r)))), time.Now()
	switch {
	case found == nil:
		return nil, &protocol.Error{Code: protocol.CodeAuthFailed, Message: "no key, or not a valid one"}
	case found.Expired(now):
		set.uses[found.Hash].expired.Add(1)
		return found, keyExpired()
	}
	set.use(found, now)
	return found, nil
}

// presentedKey is the key in the header, else the one in the query.
func presentedKey(r *http.Request) string {
	scheme, key, ok := strings.Cut(r.Header.Get("Authorization"), " ")
	if ok && strings.EqualFold(scheme, "Bearer") {
		return strings.TrimSpace(key)
	}
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return ""
	}
	return query.Get("api_key")
}
