package server

import (
	"time"

	"github.com/voicerelay/voicerelay/client/protocol"

	"voicerelay/access"
)

func keyExpired() *protocol.Error {
	return &protocol.Error{Code: protocol.CodeAuthFailed, Message: "the key has expired"}
}

// KeyHolds reports whether the key that was shown is still configured, and has not expired.
func (srv *Server) KeyHolds(of *access.Key) bool {
	key := srv.setup.Load().keyOf(of.Hash)
	return key != nil && !key.Expired(time.Now())
}

// endExpired ends the connections of keys that have expired after a time, until now, and tells the log of the keys.
func (srv *Server) endExpired(after, now time.Time) {
	set, some := srv.setup.Load(), false
	for i := range set.keys {
		key := &set.keys[i]
		if !key.Expired(now) || key.Expired(after) {
			continue
		}
		some = true
		srv.log.Warn().Str("tenant", key.Tenant).Str("key", key.Name).Bool("next_key", key.Next).
			Msg("the key has expired and is refused from now on")
	}
	if !some {
		return
	}
	for _, c := range srv.current() {
		c.ShutWithoutKey()
	}
}
