package session

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/coder/websocket"
	"github.com/voicerelay/voicerelay/client/protocol"

	"voicerelay/downstream"
	"voicerelay/limits"
	"voicerelay/relay"
	"voicerelay/relay/delivery"
	"voicerelay/relay/refusals"
	"voicerelay/routing"
)

// Talk is a dialect's half of a session. Opened is called before the reader runs, Receive by the reader, Drains by whoever drains
// the server, and the others by the goroutine of the generation, with no lock held.
type Talk interface {
	// Opened: the connection stands, and nothing was read yet. What is sent now the client hears first.
	Opened()
	// Receive applies a message of the client, and never waits. The data is valid during the call.
	Receive(ctx context.Context, kind websocket.MessageType, data []byte)
	// Accepted: a generation stands, and its record.
	Accepted(g *relay.Generation)
	// Refused: a generation was not admitted. There is nothing more of it.
	Refused(g *relay.Generation, err *refusals.Error)
	// Ended: a generation is over. It calls finish once, which queues the end; what it sends before goes out before that.
	Ended(g *relay.Generation, finish func())
	// Drains: the relay is going away, and the session ends with its last generation.
	Drains(grace time.Duration)
}

// Speaker is a Talk that wants to know who speaks, see relay.Listener. It is called by the goroutine of the generation.
type Speaker interface {
	Speaking(g *relay.Generation, target routing.Target, took bool)
}

// Pruner is a Talk that keeps what it may forget. It is called now and then, by the connection's writer.
type Pruner interface {
	Prune(now time.Time)
}

// Session is a client's connection.
type Session struct {
	// Static after Serve.
	relay.Client
	On     downstream.Server
	Conn   *delivery.Conn
	talk   Talk
	began  time.Time
	cancel context.CancelCauseFunc // ends the session's context

	lingers bool // see Handshake

	rate  *limits.Rate // of generations
	first message      // that has shown the key, where the handshake did not; owned by the reader

	mu       sync.Mutex // guards what follows
	running  map[*relay.Generation]struct{}
	quiet    time.Time      // when a generation was last taken out
	heard    routing.Target // that spoke last; the zero value: none yet
	draining bool
	// graceOver: the relay goes away now, whatever its clients do.
	graceOver bool

	wg sync.WaitGroup // every goroutine of this session but the connection's
}

// run serves the connection until it ends. No goroutine outlives it.
func (s *Session) run(ctx context.Context) {
	s.Conn.Begin()
	err := s.readLoop(ctx)
	s.StopAll(relay.CauseGone)
	s.cancel(errors.Join(delivery.ErrSessionOver, err))
	s.Conn.End()
	s.wg.Wait()
	s.Conn.Wait()
	log := s.Log()
	log.Info().Dur("lasted_ms", time.Since(s.began)).Str("cause", endOf(context.Cause(ctx))).Msg("session ended")
}

// Go runs f in a goroutine that the session waits for. It is called by Receive, or by such a goroutine.
func (s *Session) Go(f func()) {
	s.wg.Go(func() {
		defer s.survivePanic()
		f()
	})
}

// survivePanic is deferred where a dialect is called. A fault of ours there ends this session alone.
func (s *Session) survivePanic() {
	if fault := recover(); fault != nil {
		_ = s.On.Services().Engine.Internal(s.Log(), "panic in a session", fault) // it is told by the close
		s.Conn.Shut(websocket.StatusInternalError, "internal error")
	}
}

// readLoop applies what the client sends until its connection is over.
func (s *Session) readLoop(ctx context.Context) error {
	defer s.survivePanic()
	s.receiveFirst(ctx)
	receive := func(kind websocket.MessageType, data []byte) { s.talk.Receive(ctx, kind, data) }
	for {
		if err := s.Conn.Read(receive); err != nil {
			return err
		}
	}
}

// message is a client's message that is kept.
type message struct {
	kind websocket.MessageType
	data []byte
}

// receiveFirst applies the message that has shown the key.
func (s *Session) receiveFirst(ctx context.Context) {
	if first := s.first; first.data != nil {
		s.first = message{}
		s.talk.Receive(ctx, first.kind, first.data)
	}
}

// Send queues one of the session's own messages, which go before those of generations.
func (s *Session) Send(body []byte) {
	s.Conn.Send(delivery.OwnMessage(websocket.MessageText, body))
}

// SendBinary is Send for bytes that are no text.
func (s *Session) SendBinary(body []byte) {
	s.Conn.Send(delivery.OwnMessage(websocket.MessageBinary, body))
}

// NoteRefused counts a refusal that the client was told of, and slows a client down that is refused too often. Only called by
// Receive.
func (s *Session) NoteRefused(code protocol.Code) {
	s.On.Refused(s.Remote, code, s.Key)
	s.Conn.NoteRefusal()
}

// Running is how many generations run, and when the last one ended.
func (s *Session) Running(now time.Time) (running int, quiet time.Time) {
	if p, ok := s.talk.(Pruner); ok {
		p.Prune(now)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.running), s.quiet
}

// Heard is the target that spoke last in the session; the zero value: none yet. The next generation of a client to which a connection is
// one conversation stays with it, so that its caller does not hear one voice, another, and the first again.
func (s *Session) Heard() routing.Target {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.heard
}

// Failed ends the session, since nothing can be written any more.
func (s *Session) Failed(err error) { s.cancel(err) }

// Closing stops all generations: the connection is about to be closed.
func (s *Session) Closing() { s.StopAll(relay.CauseGone) }

// StopAll ends every generation.
func (s *Session) StopAll(cause *relay.StopCause) {
	for _, g := range s.runningNow() {
		g.Stop(cause)
	}
	if cause == relay.CauseDrained {
		s.mu.Lock()
		s.graceOver = true
		s.mu.Unlock()
		s.leaveIfDrained()
	}
}

func (s *Session) runningNow() []*relay.Generation {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := make([]*relay.Generation, 0, len(s.running))
	for g := range s.running {
		all = append(all, g)
	}
	return all
}

// Drain tells the client that the relay is going away. The connection ends with its last generation, or lingers.
func (s *Session) Drain(grace time.Duration) {
	s.mu.Lock()
	s.draining = true
	s.mu.Unlock()
	s.talk.Drains(grace)
	s.leaveIfDrained()
}

// SendAway is Drain for a relay that goes on.
func (s *Session) SendAway(grace time.Duration) {
	s.mu.Lock()
	told := s.draining
	s.mu.Unlock()
	if !told {
		s.Drain(grace)
	}
}

// Cut ends the connection whatever it waits for.
func (s *Session) Cut() {
	s.cancel(downstream.ErrDrained)
	s.Conn.Cut()
}

// ShutWithoutKey closes the connection if its key is no longer configured, or has expired. It must be called whenever that
// may have become so.
func (s *Session) ShutWithoutKey() {
	if !s.On.KeyHolds(s.Key) {
		s.Conn.Shut(delivery.ClosePolicy, "the key is no longer valid")
	}
}

func (s *Session) leaveIfDrained() {
	s.mu.Lock()
	leave := s.draining && len(s.running) == 0 && (s.graceOver || !s.lingers)
	s.mu.Unlock()
	if leave {
		s.Conn.Shut(delivery.CloseDrained, "drained")
	}
}
