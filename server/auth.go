package server

import (
	"crypto/sha256"
	"net/http"
	"time"

	"github.com/voicerelay/voicerelay/client/protocol"

	"voicerelay/access"
)

// admitRequest checks a request to any endpoint that wants no key: where it comes from.
func (srv *Server) admitRequest(r *http.Request) (*access.Key, *protocol.Error) {
	set := srv.setup.Load()
	if err := set.checkOrigin(r); err != nil {
		return nil, err
	}
	if len(set.keys) == 0 {
		return &set.local, set.checkLocal(r)
	}
	return &set.local, nil
}

// admitKeyed checks a request that bears a key, where keys are configured. A key that has expired is returned with the error.
func (srv *Server) admitKeyed(r *http.Request, presented string) (*access.Key, *protocol.Error) {
	key, refused := srv.admitRequest(r)
	if set := srv.setup.Load(); refused == nil && len(set.keys) > 0 {
		return set.authenticate(presented)
	}
	return key, refused
}

// Authenticate implements downstream.Server.
func (srv *Server) Authenticate(r *http.Request, presented string) (*access.Key, *protocol.Error) {
	key, err := srv.admitKeyed(r, presented)
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
