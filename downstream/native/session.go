package native

import (
	"sync"
	"time"

	"github.com/voicerelay/voicerelay/client/protocol"

	"voicerelay/downstream/session"
	"voicerelay/limits"
)

// talk is the relay's own protocol on a client's connection.
type talk struct {
	// Static after newTalk.
	*session.Session
	srv    *host
	binary bool // audio goes in binary frames

	// Owned by the reader.
	cancels *limits.Rate
	setting *limits.Rate // of configures
	strikes session.Strikes

	mu       sync.Mutex // guards what follows
	defaults protocol.Settings
	register register
}

var (
	_ session.Talk    = (*talk)(nil)
	_ session.Speaker = (*talk)(nil)
	_ session.Pruner  = (*talk)(nil)
)

// Prune forgets what ended long ago, so that an idle connection keeps none of it.
func (t *talk) Prune(now time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.register.prune(now)
}

// Drains implements session.Talk.
func (t *talk) Drains(grace time.Duration) { t.send(protocol.Draining{GraceMS: grace.Milliseconds()}) }

// send queues one of the session's own messages.
func (t *talk) send(e protocol.Event) { t.Send(protocol.Encode(e)) }
