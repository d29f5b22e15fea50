package server

import (
	"crypto/sha256"
	"net/http"
	"time"

	"github.com/voicerelay/voicerelay/client/protocol"

	"voicerelay/access"
)

// checkPlace checks where a request comes from.
func (set *setup) checkPlace(r *http.Request) *protocol.Error {
	if err := set.checkOrigin(r); err != nil || len(set.keys) > 0 {
		return err
	}
	return set.checkLocal(r)
}

// admit checks a request that wants a key: where it comes from, and, where keys are configured, the one that it bears. A key that
// has expired is returned with the error.
func (set *setup) admit(r *http.Request, presented string) (*access.Key, *protocol.Error) {
	if len(set.keys) == 0 {
		return &set.local, set.checkPlace(r)
	}
	if err := set.checkPlace(r); err != nil {
		return nil, err
	}
	return set.authenticate(presented)
}

// Authenticate implements downstream.Server.
func (srv *Server) Authenticate(r *http.Request, presented string) (*access.Key, *protocol.Error) {
	key, err := srv.setup.Load().admit(r, presented)
	if err == nil {
		return key, nil
	}
	return nil, srv.answerTo(r, key, presented, err)
}

// authenticate finds the key that was presented. One that has expired is returned with the error.
func (set *setup) authenticate(presented string) (*access.Key, *protocol.Error) {
	found, now := set.keyOf(sha256.Sum256([]byte(presented))), time.Now()
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
