package native

import (
	"context"
	"errors"
	"sync"
	"time"
	"unicode/utf8"

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

// sendReady queues what the client hears first.
func (s *session) sendReady() {
	s.send(protocol.Ready{
		SessionID: s.ID,
		Protocol:  protocol.Version,
		Limits:    wireLimits(s.Key.Limits),
		Formats:   formats(),
	})
}

// run serves the connection until it ends. No goroutine outlives it.
func (s *session) run(ctx context.Context) {
	s.conn.Begin()
	err := s.readLoop(ctx)
	s.StopAll(relay.CauseGone)
	s.cancel(errors.Join(delivery.ErrSessionOver, err))
	s.conn.End()
	s.wg.Wait()
	s.conn.Wait()
	log := s.Log()
	log.Info().Dur("lasted", time.Since(s.began)).AnErr("cause", context.Cause(ctx)).Msg("session ended")
}

// readLoop applies what the client sends until its connection is over.
func (s *session) readLoop(ctx context.Context) error {
	receive := func(kind websocket.MessageType, data []byte) { s.receive(ctx, kind, data) }
	for {
		if err := s.conn.Read(receive); err != nil {
			return err
		}
	}
}

// Running is how many generations run, and when the last one ended. It forgets those that ended long ago, so that an idle
// connection keeps none.
func (s *session) Running(now time.Time) (running int, quiet time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.register.prune(now)
	return len(s.register.running), s.register.quiet
}

// Closing stops all generations: the connection is about to be closed.
func (s *session) Closing() { s.StopAll(relay.CauseGone) }

// Failed ends the session, since nothing can be written any more.
func (s *session) Failed(err error) { s.cancel(err) }

// receive applies one message.
func (s *session) receive(ctx context.Context, kind websocket.MessageType, data []byte) {
	if kind != websocket.MessageText {
		s.conn.Shut(delivery.CloseBinary, "messages are JSON text frames")
		return
	}
	if !utf8.Valid(data) {
		s.conn.Shut(delivery.CloseNotUTF8, "text is not UTF-8")
		return
	}
	cmd, refused := protocol.Decode(data)
	if refused == nil {
		refused = s.apply(ctx, cmd)
	} else {
		s.named(refused.GenerationID, refused.Command)
	}
	if refused == nil {
		return
	}
	s.srv.Refused(s.Remote, refused.Code, s.Key)
	s.send(refused)
	s.conn.NoteRefusal()
	if !refused.Known() && s.strikes.add(time.Now()) {
		s.conn.Shut(delivery.ClosePolicy, "20 messages within a minute that are no JSON object of a known type")
	}
}

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
