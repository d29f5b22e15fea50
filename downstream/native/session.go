package native

import (
	"context"
	"sync"
	"time"

	"github.com/coder/websocket"

	"github.com/voicerelay/voicerelay/client/protocol"

	"voicerelay/limits"
	"voicerelay/relay"
	"voicerelay/relay/delivery"
)

// session is one client connection.
type session struct {
	// Static after newSession.
	relay.Client
	srv    *host
	binary bool // audio goes in binary frames
	conn   *delivery.Conn
	began  time.Time
	cancel context.CancelCauseFunc // ends the session's context

	// Owned by the reader.
	rate    *limits.Rate
	cancels *limits.Rate
	setting *limits.Rate // of configures
	strikes strikes

	mu       sync.Mutex // guards what follows
	defaults protocol.Settings
	register register
	draining bool

	wg sync.WaitGroup // every goroutine of this session but the connection's
}

// Running is how many generations run, and when the last one ended. It forgets those that ended long ago, so that an idle
// connection keeps none.
func (s *session) Running(now time.Time) (running int, quiet time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.register.prune(now)
	return len(s.register.running), s.register.quiet
}

// Failed ends the session, since nothing can be written any more.
func (s *session) Failed(err error) { s.cancel(err) }

// send queues one of the session's own messages.
func (s *session) send(e protocol.Event) {
	s.conn.Send(delivery.OwnMessage(websocket.MessageText, protocol.Encode(e)))
}

// strikes counts a client's messages that make no sense.
type strikes struct {
	at   []time.Time // of the last ones, a ring once it is full
	next int
}

const maxStrikes = 20

// add notes one, and reports whether there were maxStrikes within a minute.
func (k *strikes) add(now time.Time) bool {
	if len(k.at) < maxStrikes {
		k.at = append(k.at, now)
	} else {
		k.at[k.next] = now
		k.next = (k.next + 1) % maxStrikes
	}
	return len(k.at) == maxStrikes && now.Sub(k.at[k.next]) < time.Minute
}
