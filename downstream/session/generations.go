package session

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/voicerelay/voicerelay/client/protocol"

	"voicerelay/downstream"
	"voicerelay/downstream/compress"
	"voicerelay/relay"
	"voicerelay/relay/delivery"
	"voicerelay/relay/refusals"
	"voicerelay/routing"
)

// Order is a generation to start.
type Order struct {
	// Prepare says what is to be spoken, by the configuration that is held for it, and what the client gets.
	Prepare func(held downstream.Held) (*relay.Prepared, relay.Encoder, *protocol.Error)
	// Turn is the place among generations that are spoken one after the other; nil: it waits for no other.
	Turn func(p *relay.Prepared) (*delivery.Turn, *protocol.Error)
	// Entered is told of it before it runs; nil: nobody is.
	Entered func(g *relay.Generation)
}

// Start starts a generation, or says why it is refused. It is called by Receive, or in a goroutine of Go.
func (s *Session) Start(ctx context.Context, o Order) (*relay.Generation, *protocol.Error) {
	held, gone := s.On.Hold(s.Key)
	if gone != nil {
		return nil, downstream.WireError(gone)
	}
	g, refused := s.tryStart(ctx, o, held)
	if refused != nil {
		held.Release()
	}
	return g, refused
}

// tryStart is Start, by a configuration that is released with the generation's end if there is one.
func (s *Session) tryStart(ctx context.Context, o Order, held downstream.Held) (*relay.Generation, *protocol.Error) {
	now := time.Now()
	if refused := s.mayStart(); refused != nil {
		return nil, refused
	}
	prepared, encoder, refused := o.Prepare(held)
	if refused != nil {
		return nil, refused
	}
	if ok, wait := s.rate.Take(now); !ok {
		tooFast := &refusals.Error{
			Code:       refusals.CodeRateLimitExceeded,
			Message:    fmt.Sprintf("%d generations a minute on this connection", s.Key.Limits.GenerationsPerMinute),
			RetryAfter: wait,
		}
		s.On.Services().Engine.NoteRefused(prepared, tooFast)
		return nil, downstream.WireError(tooFast)
	}
	var turn *delivery.Turn
	if o.Turn != nil {
		if turn, refused = o.Turn(prepared); refused != nil {
			return nil, refused
		}
	}
	stage, refused := compress.Open(ctx, held.Codecs, prepared)
	if refused != nil {
		return nil, refused
	}
	g := s.NewGeneration(prepared, encoder, turn)
	stage.Attach(g)
	ctx = g.Begin(ctx)
	if o.Entered != nil {
		o.Entered(g)
	}
	s.enter(g)
	s.wg.Go(func() {
		defer held.Release()
		stage.Run(ctx, g.Run)
	})
	return g, nil
}

// mayStart checks what does not depend on what is asked for.
func (s *Session) mayStart() *protocol.Error {
	s.mu.Lock()
	running, draining := len(s.running), s.draining
	s.mu.Unlock()
	switch most := s.Key.Limits.MaxConcurrentGenerations; {
	case draining:
		return downstream.GoingAway()
	case running >= most:
		return &protocol.Error{
			Code:    protocol.CodeTooManyGenerations,
			Message: fmt.Sprintf("%d generations at once on this connection", most),
		}
	}
	return downstream.WireError(s.On.MayGenerate())
}

func (s *Session) enter(g *relay.Generation) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.running == nil {
		s.running = make(map[*relay.Generation]struct{})
	}
	s.running[g] = struct{}{}
}

// remove takes out a generation that has ended or was refused.
func (s *Session) remove(g *relay.Generation) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.running, g)
	s.quiet = time.Now()
}

// Append adds text to a generation. Where it must be paid first, that is done in a goroutine, so that the reader goes on.
func (s *Session) Append(ctx context.Context, g *relay.Generation, text string, final bool) *protocol.Error {
	mustFund, refused := g.Append(text, final, s.Key.Limits.MaxTextCharacters)
	if mustFund {
		s.wg.Go(func() { g.Fund(ctx) })
	}
	return downstream.WireError(refused)
}

// listener is a session as its generations know it. It is a type of its own, so that a Talk which embeds its session has none of
// these methods by accident.
type listener struct{ *Session }

var _ relay.Listener = listener{}

// Accepted implements relay.Listener.
func (s listener) Accepted(g *relay.Generation) {
	s.On.Services().Metrics.Active.Inc()
	defer s.survivePanic()
	s.talk.Accepted(g)
}

// Refused implements relay.Listener.
func (s listener) Refused(g *relay.Generation, err *refusals.Error) {
	s.remove(g)
	s.Conn.NoteIdle() // before the answer wakes the writer
	s.On.Refused(s.Remote, protocol.Code(err.Code), s.Key)
	defer s.leaveIfDrained()
	defer s.survivePanic()
	s.talk.Refused(g, err)
}

// Ended implements relay.Listener.
func (s listener) Ended(g *relay.Generation) {
	finish := sync.OnceFunc(func() {
		s.remove(g)
		g.Finish()
		g.Trim()
	})
	s.tellEnded(g, finish)
	finish() // also where that has failed
	s.On.Services().Metrics.Active.Dec()
	s.Conn.NoteIdle()
	s.Out.Notify() // the idle clock starts
	s.leaveIfDrained()
}

// tellEnded tells the Talk that a generation is over.
func (s listener) tellEnded(g *relay.Generation, finish func()) {
	defer s.survivePanic()
	s.talk.Ended(g, finish)
}

// Speaking implements relay.Listener.
func (s listener) Speaking(g *relay.Generation, target routing.Target, took bool) {
	defer s.survivePanic()
	s.mu.Lock()
	s.heard = target
	s.mu.Unlock()
	if talk, ok := s.talk.(Speaker); ok {
		talk.Speaking(g, target, took)
	}
}
