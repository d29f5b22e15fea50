package native

import (
	"context"
	"errors"
	"time"
	"unicode/utf8"

	"github.com/coder/websocket"

	"github.com/voicerelay/voicerelay/client/protocol"

	"voicerelay/relay"
	"voicerelay/relay/delivery"
)

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
