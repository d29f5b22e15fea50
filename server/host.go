package server

import (
	"net/http"
	"net/netip"
	"time"

	"github.com/voicerelay/voicerelay/client/protocol"

	"voicerelay/access"
	"voicerelay/audio/codec"
	"voicerelay/downstream"
	"voicerelay/relay/delivery"
	"voicerelay/relay/refusals"
)

var _ downstream.Server = (*Server)(nil)

// Services implements downstream.Server.
func (srv *Server) Services() downstream.Services {
	return downstream.Services{Engine: srv.engine, Metrics: srv.metrics, Backlog: &srv.backlog, Awake: srv.awake}
}

// Connect implements downstream.Server.
func (srv *Server) Connect(key *access.Key) (leave func(), refused *protocol.Error) {
	if refused := srv.MayServe(); refused != nil {
		return nil, refused
	}
	return srv.admitConnection(key, time.Now())
}

// Request implements downstream.Server.
func (srv *Server) Request(key *access.Key) (leave func(), refused *protocol.Error) {
	if refused := srv.MayServe(); refused != nil {
		return nil, refused
	}
	return srv.takeConnection(key)
}

// RemoteOf implements downstream.Server.
func (srv *Server) RemoteOf(r *http.Request) netip.Addr { return srv.setup.Load().remoteOf(r) }

// Hold implements downstream.Server.
func (srv *Server) Hold(key *access.Key) (downstream.Held, *refusals.Error) {
	set := srv.hold()
	terms := set.terms(key)
	if terms == nil {
		srv.release(set)
		return downstream.Held{}, refusals.KeyGone()
	}
	return downstream.Held{
		Terms:   terms,
		Quota:   set.quotas[terms.Key.Name], // the key may have another name by now
		Codecs:  set.codecs,
		Release: func() { srv.release(set) },
	}, nil
}

// Codecs implements downstream.Server.
func (srv *Server) Codecs() *codec.Set { return srv.setup.Load().codecs }

// maxAllWhole bounds all audio that waits in memory for its end, since its clients asked for its length.
const maxAllWhole = 256 << 20

// KeepWhole implements downstream.Server.
func (srv *Server) KeepWhole(bytes int64) bool {
	return srv.whole.Add(bytes) <= delivery.MemoryShare(srv.memory.limit.Load(), maxAllWhole)
}

// MayGenerate refuses generations that there is no memory for.
func (srv *Server) MayGenerate() *refusals.Error {
	if srv.memory.pressure() < short {
		return nil
	}
	return &refusals.Error{
		Code: refusals.CodeTooManyGenerations, RetryAfter: memoryRetry, Message: "this relay is short of memory",
	}
}
