package native

import (
	"context"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/coder/websocket"

	"github.com/voicerelay/voicerelay/client/protocol"

	"voicerelay/downstream/session"
	"voicerelay/limits"
	"voicerelay/relay/delivery"
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

func (srv *host) newTalk(s *session.Session, binary bool) *talk {
	return &talk{
		Session: s,
		srv:     srv,
		binary:  binary,
		cancels: limits.NewRate(s.Key.Limits.CancelsPerMinute),
		setting: limits.NewRate(configuresPerMinute(s.Key.Limits)),
	}
}

// Opened sends what the client hears first.
func (t *talk) Opened() {
	t.send(protocol.Ready{
		SessionID: t.ID,
		Protocol:  protocol.Version,
		Limits:    wireLimits(t.Key.Limits),
		Formats:   t.srv.formats(),
	})
}

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

// Receive applies one message.
func (t *talk) Receive(ctx context.Context, kind websocket.MessageType, data []byte) {
	if kind != websocket.MessageText {
		t.Conn.Shut(delivery.CloseBinary, "messages are JSON text frames")
		return
	}
	if !utf8.Valid(data) {
		t.Conn.Shut(delivery.CloseNotUTF8, "text is not UTF-8")
		return
	}
	cmd, refused := protocol.Decode(data)
	if refused == nil {
		refused = t.apply(ctx, cmd)
	} else {
		t.named(refused.GenerationID, refused.Command)
	}
	if refused == nil {
		return
	}
	t.send(refused)
	t.NoteRefused(refused.Code)
	if !refused.Known() && t.strikes.Add(time.Now(), maxStrikes) {
		t.Conn.Shut(delivery.ClosePolicy, "20 messages within a minute that are no JSON object of a known type")
	}
}

// maxStrikes is how many messages that make no sense a client may send within a minute.
const maxStrikes = 20
