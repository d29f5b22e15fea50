package relay

import (
	"crypto/rand"
	"net/netip"

	"github.com/rs/zerolog"

	"voicerelay/access"
	"voicerelay/limits"
	"voicerelay/relay/delivery"
	"voicerelay/relay/speech"
	"voicerelay/relay/trace"
)

// Client is whom generations are spoken for: a connection, or a request. It does not change once it has a generation.
type Client struct {
	// ID is the session's, in logs and records.
	ID     string
	Key    *access.Key
	Remote netip.Addr       // whose it is; invalid: not known
	Trace  trace.Context    // that its generations are part of, unless their requests name another
	Out    *delivery.Outbox // where its messages wait
	// Listener is told of its generations.
	Listener Listener

	engine *Engine
	short  *limits.Rate // of all short pieces of its texts
}

// Listener is told of each step of a generation that its client has to know.
type Listener interface {
	// Accepted: the generation stands, and its record.
	Accepted(g *Generation)
	// Refused: it was not admitted; there is nothing more of it.
	Refused(g *Generation, err *Error)
	// Ended: it has been settled, and its end is to be sent, by Finish.
	Ended(g *Generation)
	// Speaking: a provider is heard in it from now on. took: in another's stead.
	Speaking(g *Generation, provider string, took bool)
}

// NewClient has no listener yet, and no outbox.
func (e *Engine) NewClient(key *access.Key) Client {
	return Client{
		ID:     rand.Text(),
		Key:    key,
		engine: e,
		short:  speech.SharedRate(),
	}
}

// Log is made anew each time: one that is kept takes half a kilobyte of an idle connection.
func (c *Client) Log() zerolog.Logger {
	return c.engine.log.With().
		Str("session_id", c.ID).Str("tenant", c.Key.Tenant).Str("key", c.Key.Name).Stringer("remote", c.Remote).
		Logger()
}
