package server

import (
	"time"

	"github.com/voicerelay/voicerelay/client/protocol"

	"voicerelay/access"
	"voicerelay/limits"
)

// takeConnection takes a place for a client, or says why there is none.
func (srv *Server) takeConnection(key *access.Key) (leave func(), refused *protocol.Error) {
	leave, err := srv.gate.Enter(limits.Client{
		Key: key.Name, Tenant: key.Tenant, Admin: key.Admin, MostOfKey: key.Limits.MaxConnectionsPerKey,
	})
	if err != nil {
		return nil, &protocol.Error{Code: protocol.CodeTooManyConnections, Message: err.Error()}
	}
	return leave, nil
}

// admitConnection takes a place for a WebSocket, at the rate of its key. A request over HTTP has a rate of its own.
func (srv *Server) admitConnection(key *access.Key, now time.Time) (leave func(), refused *protocol.Error) {
	leave, refused = srv.takeConnection(key)
	if refused != nil {
		return nil, refused
	}
	quota := srv.setup.Load().quotas[key.Name]
	if quota == nil { // the key is gone since it was shown: the connection ends as soon as it is one
		return leave, nil
	}
	if refused := quota.Connect(now); refused != nil {
		leave()
		return nil, refused
	}
	return leave, nil
}
