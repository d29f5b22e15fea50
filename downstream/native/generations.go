package native

import (
	"time"

	"github.com/voicerelay/voicerelay/client/protocol"

	"voicerelay/downstream"
	"voicerelay/relay"
	"voicerelay/relay/delivery"
)

// Accepted tells the client that a generation stands, and uses its id up.
func (s *session) Accepted(g *relay.Generation) {
	s.mu.Lock()
	s.register.accepted.Add(g.ID())
	s.mu.Unlock()
	s.srv.with.Metrics.Active.Inc()
	s.send(protocol.Accepted{GenerationID: g.ID(), RecordID: g.RecordID()})
}

// Refused tells the client that a generation was not admitted; its id is free again.
func (s *session) Refused(g *relay.Generation, err *relay.Error) {
	s.mu.Lock()
	s.register.remove(g, time.Now())
	s.mu.Unlock()
	s.conn.NoteIdle() // before the answer wakes the writer
	answer := downstream.WireError(err)
	s.srv.Refused(s.Remote, answer.Code, s.Key)
	answer.Command, answer.GenerationID = "generate", g.ID()
	s.send(answer)
	s.leaveIfDrained()
}

// Ended sends a generation's done, and moves it from the running ones to the remembered: at once, as far as commands can
// tell, since a client that has its done may start another in its stead.
func (s *session) Ended(g *relay.Generation) {
	reached, now := g.Extent(), time.Now()
	s.mu.Lock()
	s.register.remove(g, now)
	g.Finish()
	g.Trim()
	s.register.keep(g.ID(), reached, now)
	s.mu.Unlock()
	s.srv.with.Metrics.Active.Dec()
	s.conn.NoteIdle()
	s.Out.Notify() // the idle clock starts
	s.leaveIfDrained()
}

// Speaking has the context of a generation stay with the provider that speaks it. Where that one took over from another,
// what waits unheard after the generation is spoken again; not what comes before it, or two that broke off in turn
// would supersede each other without end.
func (s *session) Speaking(g *relay.Generation, provider string, took bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.register.contexts[g.ContextID()]
	if g.ContextID() == "" || c == nil {
		return
	}
	c.stay(s.register.places[g.ID()].place, provider)
	if !took {
		return
	}
	for _, id := range s.register.later(g.ID()) {
		s.register.running[id].Supersede(provider)
	}
}

// StopAll ends every generation.
func (s *session) StopAll(cause *relay.StopCause) {
	for _, g := range s.runningNow() {
		g.Stop(cause)
	}
}

func (s *session) runningNow() []*relay.Generation {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := make([]*relay.Generation, 0, len(s.register.running))
	for _, g := range s.register.running {
		all = append(all, g)
	}
	return all
}

// named notes that the client has used an id in a generate, so that what crosses its refusal is understood.
func (s *session) named(id, command string) {
	if id == "" || command != "generate" {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.register.named.Add(id)
}

// Drain tells the client that the relay is going away. The connection ends with its last generation.
func (s *session) Drain(grace time.Duration) {
	s.mu.Lock()
	s.draining = true
	s.mu.Unlock()
	s.send(protocol.Draining{GraceMS: grace.Milliseconds()})
	s.leaveIfDrained()
}

// Cut ends the connection whatever it waits for.
func (s *session) Cut() {
	s.cancel(downstream.ErrDrained)
	s.conn.Cut()
}

func (s *session) leaveIfDrained() {
	s.mu.Lock()
	leave := s.draining && len(s.register.running) == 0
	s.mu.Unlock()
	if leave {
		s.conn.Shut(delivery.CloseDrained, "drained")
	}
}

// SendAway is drain for a relay that goes on.
func (s *session) SendAway(grace time.Duration) {
	s.mu.Lock()
	told := s.draining
	s.mu.Unlock()
	if !told {
		s.Drain(grace)
	}
}

// ShutWithoutKey closes the connection if its key is no longer configured, or has expired. It must be called whenever that
// may have become so.
func (s *session) ShutWithoutKey() {
	if !s.srv.KeyHolds(s.Key) {
		s.conn.Shut(delivery.ClosePolicy, "the key is no longer valid")
	}
}

// Closing stops all generations: the connection is about to be closed.
func (s *session) Closing() { s.StopAll(relay.CauseGone) }
