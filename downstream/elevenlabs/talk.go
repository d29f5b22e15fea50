package elevenlabs

import (
	"sync"

	"github.com/coder/websocket"

	"github.com/voicerelay/voicerelay/client/protocol"

	"voicerelay/downstream/session"
	"voicerelay/relay"
)

// talk is the dialect on a client's connection.
type talk struct {
	// Static after newTalk.
	*session.Session
	srv     *host
	address address
	single  bool // stream-input: the connection has one text, and ends with it

	strikes session.Strikes // owned by the reader

	mu      sync.Mutex // guards what follows
	open    map[string]*speechContext
	of      map[*relay.Generation]*speechContext
	dead    deadContexts
	leaving bool // the connection ends with the last context
}

func (srv *host) newTalk(s *session.Session, a address, single bool) *talk {
	return &talk{
		Session: s, srv: srv, address: a, single: single, leaving: single,
		open: make(map[string]*speechContext), of: make(map[*relay.Generation]*speechContext),
	}
}

// sendError tells the client of an error of a context; nil: of the connection.
func (t *talk) sendError(err *protocol.Error, context *string) { t.Send(encodeError(err, context)) }

// leave closes the connection if it is to end and has no context left.
func (t *talk) leave() {
	t.mu.Lock()
	over := t.leaving && len(t.of) == 0
	t.mu.Unlock()
	if over {
		t.Conn.Shut(websocket.StatusNormalClosure, "")
	}
}
