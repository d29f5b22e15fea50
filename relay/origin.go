package relay

import (
	"crypto/rand"
	"net/netip"

	"github.com/rs/zerolog"

	"voicerelay/limits"
	"voicerelay/relay/delivery"
)

// origin is where generations come from: what a session, and a request over HTTP, is to those that it has asked for.
// It never changes.
type origin struct {
	id     string
	srv    *Server
	key    *Key
	remote netip.Addr       // whose they are; invalid: not known
	out    *delivery.Outbox // where their messages wait
	peer   peer             // whom they tell of themselves
	short  *limits.Rate     // of all short pieces of their texts
}

// peer is told of each step of a generation that it has to know.
type peer interface {
	// accepted: the generation stands, and its record.
	accepted(g *generation)
	// refused: it was not admitted; there is nothing more of it.
	refused(g *generation, err *Error)
	// end: it has been settled, and its done is to be sent.
	end(g *generation)
	// follow: a provider is heard in it from now on. took: in another's stead.
	follow(g *generation, provider string, took bool)
}

// newOrigin has no peer yet, and no outbox.
func newOrigin(srv *Server, key *Key) origin {
	id := rand.Text()
	return origin{
		id:    id,
		srv:   srv,
		key:   key,
		short: limits.NewRate(shortOfAllPerMinute),
	}
}

// log is made anew each time: one that is kept takes half a kilobyte of an idle connection.
func (o *origin) log() zerolog.Logger {
	return o.srv.log.With().
		Str("session_id", o.id).Str("tenant", o.key.Tenant).Str("key", o.key.Name).Stringer("remote", o.remote).
		Logger()
}
