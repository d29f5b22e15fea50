package native

import (
	"context"
	"fmt"
	"time"
	"unicode/utf8"

	"github.com/coder/websocket"

	"github.com/voicerelay/voicerelay/client/protocol"

	"voicerelay/downstream"
	"voicerelay/downstream/compress"
	"voicerelay/downstream/session"
	"voicerelay/relay"
	"voicerelay/relay/delivery"
)

// maxStrikes is how many messages that make no sense a client may send within a minute.
const maxStrikes = 20

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
	t.On.Refused(t.Remote, refused.Code, t.Key) // before the client can know of it
	t.send(refused)
	t.Conn.NoteRefusal()
	if !refused.Known() && t.strikes.Add(time.Now(), maxStrikes) {
		t.Conn.Shut(delivery.ClosePolicy, "20 messages within a minute that are no JSON object of a known type")
	}
}

// apply carries a command out, or says why it is refused. Only called by the reader; it never waits.
func (t *talk) apply(ctx context.Context, cmd protocol.Command) *protocol.Error {
	var err *protocol.Error
	switch c := cmd.(type) {
	case *protocol.Generate:
		err = t.generate(ctx, c)
	case *protocol.Append:
		err = t.append(ctx, c)
	case *protocol.Flush:
		err = t.mark(c.GenerationID, (*relay.Generation).Flush)
	case *protocol.Finish:
		err = t.mark(c.GenerationID, (*relay.Generation).FinishText)
	case *protocol.Cancel:
		err = t.cancelCommand(c)
	case *protocol.Played:
		err = t.played(c)
	case *protocol.Configure:
		err = t.configure(c)
	case *protocol.Ping:
		t.send(protocol.Pong{ID: c.ID})
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
func (t *talk) generate(ctx context.Context, c *protocol.Generate) *protocol.Error {
	t.named(c.GenerationID, "generate")
	if err := t.isUnused(c.GenerationID); err != nil {
		return err
	}
	_, err := t.Start(ctx, session.Order{
		Prepare: func(held downstream.Held) (*relay.Prepared, relay.Encoder, *protocol.Error) {
			return t.resolve(c, held.Terms)
		},
		Turn: t.turn,
		Entered: func(g *relay.Generation) {
			t.mu.Lock()
			defer t.mu.Unlock()
			t.register.add(g)
		},
	})
	return err
}

// isUnused refuses an id that was used before.
func (t *talk) isUnused(id string) *protocol.Error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.register.running[id] == nil && !t.register.accepted.Has(id) {
		return nil
	}
	return &protocol.Error{
		Code: protocol.CodeDuplicateRequest, Param: "generation_id",
		Message: "generation_id was used before on this connection",
	}
}

// turn is the order in which a generation's context is spoken; nil: it has none.
func (t *talk) turn(p *relay.Prepared) (*delivery.Turn, *protocol.Error) {
	id := p.ContextID()
	if id == "" {
		return nil, nil
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	c, ok := t.register.context(id, time.Now())
	if !ok {
		return nil, &protocol.Error{
			Code: protocol.CodeTooManyGenerations, Param: "context_id",
			Message: fmt.Sprintf("%d contexts at once on this connection", maxContexts),
		}
	}
	t.register.groups.Add(id)
	return &c.turn, nil
}

// append adds text to a generation.
func (t *talk) append(ctx context.Context, c *protocol.Append) *protocol.Error {
	g, err := t.find(c.GenerationID)
	if g == nil {
		return err
	}
	return t.Append(ctx, g, c.Text, c.Final)
}

// mark flushes or finishes a generation's text.
func (t *talk) mark(id string, mark func(*relay.Generation)) *protocol.Error {
	g, err := t.find(id)
	if g != nil {
		mark(g)
	}
	return err
}

// find is the running generation of an id. One that was refused or has ended is nil without an error: the
// command crossed the answer on its way.
func (t *talk) find(id string) (*relay.Generation, *protocol.Error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if g := t.register.running[id]; g != nil {
		return g, nil
	}
	if t.register.named.Has(id) {
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

// played sets the clock by which audio is played to what the client says of it. Of a generation that has ended there is nothing to set.
func (t *talk) played(c *protocol.Played) *protocol.Error {
	t.mu.Lock()
	defer t.mu.Unlock()
	for id := range c.Played {
		if !t.register.named.Has(id) {
			return unknownGeneration("played." + id)
		}
	}
	for id, ms := range c.Played {
		if g := t.register.running[id]; g != nil {
			g.PlaysAt(time.Duration(ms) * time.Millisecond)
		}
	}
	return nil
}

// configure sets the connection's defaults.
func (t *talk) configure(c *protocol.Configure) *protocol.Error {
	if ok, wait := t.setting.Take(time.Now()); !ok {
		return &protocol.Error{
			Code:       protocol.CodeRateLimitExceeded,
			Message:    fmt.Sprintf("%d configures a minute on this connection", configuresPerMinute(t.Key.Limits)),
			RetryAfter: wait,
		}
	}
	t.mu.Lock()
	defaults := c.Settings.Over(t.defaults)
	t.mu.Unlock()
	held, refused := t.srv.Hold(t.Key)
	if refused != nil {
		return downstream.WireError(refused)
	}
	defer held.Release()
	wanted := requestOf(&protocol.Generate{Settings: defaults})
	if err := t.srv.with.Engine.Check(wanted, held.Terms); err != nil {
		return downstream.WireError(err)
	}
	if err := compress.Check(held.Codecs, wanted.Output, wanted.Kbps); err != nil {
		return err
	}
	t.mu.Lock()
	t.defaults = defaults
	t.mu.Unlock()
	t.send(protocol.Configured{Defaults: wireDefaults(defaults)})
	return nil
}

// cancelCommand stops what the command names, and answers played times of what has ended.
func (t *talk) cancelCommand(c *protocol.Cancel) *protocol.Error {
	played := c.Played
	if c.PlayedMS.Set {
		played = map[string]int64{c.GenerationID: c.PlayedMS.Value}
	}
	hit, ended, err := t.aim(c, played)
	if err != nil {
		return err
	}
	if len(hit) == 0 && len(played) == 0 {
		if ok, wait := t.cancels.Take(time.Now()); !ok {
			return &protocol.Error{
				Code:       protocol.CodeRateLimitExceeded,
				Message:    fmt.Sprintf("%d cancels a minute of what no longer runs, on this connection", t.Key.Limits.CancelsPerMinute),
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
		t.send(protocol.SpokenEvent{GenerationID: e.id, Spoken: protocol.Spoken(spoken)})
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
func (t *talk) aim(c *protocol.Cancel, played map[string]int64) (hit []*relay.Generation, ended []endedGeneration, err *protocol.Error) {
	now := time.Now()
	t.mu.Lock()
	defer t.mu.Unlock()
	if c.GenerationID != "" && !t.register.named.Has(c.GenerationID) {
		return nil, nil, unknownGeneration("generation_id")
	}
	if c.ContextID != "" && !t.register.groups.Has(c.ContextID) {
		return nil, nil, unknownGeneration("context_id")
	}
	for id, g := range t.register.running {
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
		if !t.register.named.Has(id) {
			return nil, nil, unknownGeneration("played." + id)
		}
		if reached, ok := t.register.past(id, now); ok && t.register.running[id] == nil {
			ended = append(ended, endedGeneration{id: id, extent: reached})
		}
	}
	return hit, ended, nil
}
