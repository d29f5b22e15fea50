package native

import (
	"context"
	"fmt"
	"time"

	"github.com/voicerelay/voicerelay/client/protocol"

	"voicerelay/downstream"
	"voicerelay/relay"
	"voicerelay/relay/delivery"
)

// apply carries a command out, or says why it is refused. Only called by the reader; it never waits.
func (s *session) apply(ctx context.Context, cmd protocol.Command) *protocol.Error {
	var err *protocol.Error
	switch c := cmd.(type) {
	case *protocol.Generate:
		err = s.generate(ctx, c)
	case *protocol.Append:
		err = s.append(ctx, c)
	case *protocol.Flush:
		err = s.mark(c.GenerationID, (*relay.Generation).Flush)
	case *protocol.Finish:
		err = s.mark(c.GenerationID, (*relay.Generation).FinishText)
	case *protocol.Cancel:
		err = s.cancelCommand(c)
	case *protocol.Configure:
		err = s.configure(c)
	case *protocol.Ping:
		s.send(protocol.Pong{ID: c.ID})
	}
	if err == nil {
		return nil
	}
	answer := *err
	answer.Command = protocol.CommandName(cmd)
	answer.GenerationID = protocol.GenerationID(cmd)
	return &answer
}

// generate starts a generation.
func (s *session) generate(ctx context.Context, c *protocol.Generate) *protocol.Error {
	s.named(c.GenerationID, "generate")
	held, refused := s.srv.Hold(s.Key)
	if refused != nil {
		return downstream.WireError(refused)
	}
	err := s.start(ctx, c, held)
	if err != nil {
		held.Release()
	}
	return err
}

// start starts a generation by a setup. Where it does, the setup is released with the generation's end.
func (s *session) start(ctx context.Context, c *protocol.Generate, held downstream.Held) *protocol.Error {
	now := time.Now()
	if err := s.mayStart(c.GenerationID); err != nil {
		return err
	}
	if err := s.srv.MayGenerate(); err != nil {
		return downstream.WireError(err)
	}
	req, encoder, err := s.resolve(c, held.Terms)
	if err != nil {
		return err
	}
	if ok, wait := s.rate.Take(now); !ok {
		return &protocol.Error{
			Code:       protocol.CodeRateLimitExceeded,
			Message:    fmt.Sprintf("%d generations a minute on this connection", s.Key.Limits.GenerationsPerMinute),
			RetryAfter: wait,
		}
	}
	return s.enter(ctx, held, req, encoder)
}

// mayStart checks what does not depend on what is asked for.
func (s *session) mayStart(id string) *protocol.Error {
	s.mu.Lock()
	defer s.mu.Unlock()
	most := s.Key.Limits.MaxConcurrentGenerations
	switch {
	case s.draining:
		return downstream.GoingAway()
	case s.register.running[id] != nil || s.register.accepted.Has(id):
		return &protocol.Error{
			Code: protocol.CodeDuplicateRequest, Param: "generation_id",
			Message: "generation_id was used before on this connection",
		}
	case len(s.register.running) >= most:
		return &protocol.Error{
			Code:    protocol.CodeTooManyGenerations,
			Message: fmt.Sprintf("%d generations at once on this connection", most),
		}
	}
	return nil
}

// enter starts the generation, in its place within its context.
func (s *session) enter(ctx context.Context, held downstream.Held, req *relay.Prepared, encoder relay.Encoder) *protocol.Error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var t *delivery.Turn
	if contextID := req.ContextID(); contextID != "" {
		c, ok := s.register.context(contextID, time.Now())
		if !ok {
			return &protocol.Error{
				Code: protocol.CodeTooManyGenerations, Param: "context_id",
				Message: fmt.Sprintf("%d contexts at once on this connection", maxContexts),
			}
		}
		s.register.groups.Add(contextID)
		t = &c.turn
	}
	g := s.NewGeneration(req, encoder, t)
	ctx = g.Begin(ctx)
	s.register.add(g)
	s.wg.Go(func() {
		defer held.Release()
		g.Run(ctx)
	})
	return nil
}

// append adds text to a generation. Where it must be paid first, that is done in a goroutine, so that the reader goes on.
func (s *session) append(ctx context.Context, c *protocol.Append) *protocol.Error {
	g, err := s.find(c.GenerationID)
	if g == nil {
		return err
	}
	mustFund, refused := g.Append(c.Text, c.Final, s.Key.Limits.MaxTextCharacters)
	if mustFund {
		s.wg.Go(func() { g.Fund(ctx) })
	}
	return downstream.WireError(refused)
}

// mark flushes or finishes a generation's text.
func (s *session) mark(id string, mark func(*relay.Generation)) *protocol.Error {
	g, err := s.find(id)
	if g != nil {
		mark(g)
	}
	return err
}

// find is the running generation of an id. One that was refused or has ended is nil without an error: the
// command crossed the answer on its way.
func (s *session) find(id string) (*relay.Generation, *protocol.Error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if g := s.register.running[id]; g != nil {
		return g, nil
	}
	if s.register.named.Has(id) {
		return nil, nil
	}
	return nil, unknownGeneration("generation_id")
}

func unknownGeneration(param string) *protocol.Error {
	return &protocol.Error{
		Code: protocol.CodeUnknownGeneration, Param: param,
		Message: param + " was never named on this connection",
	}
}

// configure sets the connection's defaults.
func (s *session) configure(c *protocol.Configure) *protocol.Error {
	if ok, wait := s.setting.Take(time.Now()); !ok {
		return &protocol.Error{
			Code:       protocol.CodeRateLimitExceeded,
			Message:    fmt.Sprintf("%d configures a minute on this connection", configuresPerMinute(s.Key.Limits)),
			RetryAfter: wait,
		}
	}
	s.mu.Lock()
	defaults := c.Settings.Over(s.defaults)
	s.mu.Unlock()
	held, refused := s.srv.Hold(s.Key)
	if refused != nil {
		return downstream.WireError(refused)
	}
	defer held.Release()
	if err := s.srv.with.Engine.Check(requestOf(&protocol.Generate{Settings: defaults}), held.Terms); err != nil {
		return downstream.WireError(err)
	}
	s.mu.Lock()
	s.defaults = defaults
	s.mu.Unlock()
	s.send(protocol.Configured{Defaults: wireDefaults(defaults)})
	return nil
}

// cancelCommand stops what the command names, and answers played times of what has ended.
func (s *session) cancelCommand(c *protocol.Cancel) *protocol.Error {
	played := c.Played
	if c.PlayedMS.Set {
		played = map[string]int64{c.GenerationID: c.PlayedMS.Value}
	}
	hit, ended, err := s.aim(c, played)
	if err != nil {
		return err
	}
	if len(hit) == 0 && len(played) == 0 {
		if ok, wait := s.cancels.Take(time.Now()); !ok {
			return &protocol.Error{
				Code:       protocol.CodeRateLimitExceeded,
				Message:    fmt.Sprintf("%d cancels a minute of what no longer runs, on this connection", s.Key.Limits.CancelsPerMinute),
				RetryAfter: wait,
			}
		}
	}
	for _, g := range hit {
		ms, told := played[g.ID()]
		if !stopAt(g, ms, told) && told {
			ended = append(ended, endedGeneration{id: g.ID(), extent: g.Extent()})
		}
	}
	for _, e := range ended {
		spoken := e.extent.Played(time.Duration(played[e.id]) * time.Millisecond)
		s.send(protocol.SpokenEvent{GenerationID: e.id, Spoken: protocol.Spoken(spoken)})
	}
	return nil
}

// stopAt cancels a generation of which the client has played so much, if it told. It reports false where the
// generation's end was queued already.
func stopAt(g *relay.Generation, playedMS int64, told bool) bool {
	if told {
		g.SetPlayed(time.Duration(playedMS) * time.Millisecond)
	}
	return g.Stop(relay.CauseCancelled)
}

// aim finds the running generations that a cancel hits, and the ended ones whose played time it tells.
func (s *session) aim(c *protocol.Cancel, played map[string]int64) (hit []*relay.Generation, ended []endedGeneration, err *protocol.Error) {
	now := time.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	if c.GenerationID != "" && !s.register.named.Has(c.GenerationID) {
		return nil, nil, unknownGeneration("generation_id")
	}
	if c.ContextID != "" && !s.register.groups.Has(c.ContextID) {
		return nil, nil, unknownGeneration("context_id")
	}
	for id, g := range s.register.running {
		if c.All || id == c.GenerationID || (c.ContextID != "" && g.ContextID() == c.ContextID) {
			hit = append(hit, g)
			continue
		}
		if _, told := played[id]; told {
			return nil, nil, &protocol.Error{
				Code: protocol.CodeInvalidRequest, Param: "played." + id,
				Message: "played." + id + " runs and is not of this context",
			}
		}
	}
	for id := range played {
		if !s.register.named.Has(id) {
			return nil, nil, unknownGeneration("played." + id)
		}
		if reached, ok := s.register.past(id, now); ok && s.register.running[id] == nil {
			ended = append(ended, endedGeneration{id: id, extent: reached})
		}
	}
	return hit, ended, nil
}
