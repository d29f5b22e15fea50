package relay

import (
	"context"
	"crypto/rand"
	"net/netip"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"voicerelay/access"
	"voicerelay/limits"
	"voicerelay/relay/conversations"
	"voicerelay/relay/delivery"
	"voicerelay/relay/input"
	"voicerelay/relay/position"
	"voicerelay/relay/refusals"
	"voicerelay/relay/speech"
	"voicerelay/relay/trace"
	"voicerelay/routing"
)

// Generation is one utterance, from its text to its done. What it works with is in types of its own: out is what the client
// gets, attempts who speaks it, in what is to be spoken and what that costs. It still has more than 30 methods, since clients of the
// engine reach those types through it (handle.go).
type Generation struct {
	// Static after newGeneration.
	task
	client *Client
	trace  trace.Generation // nil: it is not shown

	closing sync.WaitGroup // streams on their way in or out, and the ledger's entry
	booking booking
	call    conversations.Call

	out      output      // what the client gets
	attempts attempts    // who speaks it
	in       input.Input // what is to be spoken
	done     Result      // what is settled of the end, guarded by out.mu; zero until it is concluded
}

// NewGeneration is a generation that does not run yet. turn is its context's; nil: it waits for no other.
func (c *Client) NewGeneration(p *Prepared, encoder Encoder, turn *delivery.Turn) *Generation {
	if p.encoder = encoder; p.asked.Compressed() {
		p.encoder = bare{encoder}
	}
	return newGeneration(c, *p, turn, p.at)
}

func newGeneration(c *Client, req Prepared, t *delivery.Turn, now time.Time) *Generation {
	g := &Generation{client: c, task: task{engine: c.engine, req: req, recordID: newRecordID(now), began: now}}
	g.call = conversations.Call{
		ID: conversations.ID{Tenant: c.Key.Tenant, Name: req.conversation}, Asked: req.at, Kept: c.Key.Limits.ConversationTTL,
	}
	g.out = output{
		task:   &g.task,
		marks:  g.in.Marks(),
		outbox: c.Out,
		wakeup: make(chan struct{}, 1),
		track:  position.NewTrack(req.output.Rate),
		whole:  -1,
	}
	g.log = c.engine.log.With().Str("session_id", c.ID).Str("tenant", c.Key.Tenant).Str("key", c.Key.Name).
		Str("generation_id", req.id).Str("record_id", g.recordID).Logger()
	g.beginTrace()
	g.out.lane = c.Out.NewLane(t, req.output.Rate, g.out.notify)
	g.in = g.newInput()
	g.attempts.attemptParts = attemptParts{owner: &g.attempts, out: &g.out, in: &g.in, closing: &g.closing}
	if req.contextID != "" {
		g.attempts.affinity = c.ID + "/" + req.contextID
	}
	return g
}

// Begin is the generation's own context, which Stop ends. It is called once, before anybody else knows of the generation.
func (g *Generation) Begin(ctx context.Context) context.Context {
	ctx, g.out.cancel = context.WithCancelCause(ctx)
	return ctx
}

// beginTrace begins to show the generation, if anybody wants to see it.
func (g *Generation) beginTrace() {
	tracer := g.engine.tracer
	if tracer == nil {
		return
	}
	parent := g.req.trace
	if parent.Parent == "" {
		parent = g.client.Trace
	}
	g.trace = tracer.Begin(parent, g.began)
	if id := g.trace.TraceID(); id != "" {
		g.log = g.log.With().Str("trace_id", id).Logger()
	}
}

// newInput is the generation's text, by what it was asked for.
func (g *Generation) newInput() input.Input {
	req, key := &g.req, g.req.Key
	return input.New(input.Config{
		Mu:    &g.out.mu,
		Owner: &g.attempts,
		Pricing: input.Pricing{
			Candidates: req.plan.Candidates,
			List:       req.Setup.Prices(),
			Currency:   key.Currency(),
			Schedule:   req.schedule(),
			Speed:      req.speed,
		},
		Bounded:  g.engine.budgets != nil && key.Bounded(),
		Budgets:  g.engine.budgets,
		Expenses: key.Expenses(g.recordID),
		Idle:     req.textIdle,
		Awake:    g.engine.awake,
		Short:    g.client.short,
	}, req.text, req.final, g.began)
}

// Stop ends the generation from our side. Once it has returned, nothing but done goes to the client. It
// reports false where done was queued already.
func (g *Generation) Stop(cause *StopCause) bool { return g.out.stop(cause) }

// Trim frees what only a running generation needs, while its last messages wait for the client.
func (g *Generation) Trim() {
	g.out.mu.Lock()
	defer g.out.mu.Unlock()
	g.attempts.setActiveLocked(nil)
	g.attempts.all, g.attempts.speaking, g.attempts.lastSpoke = nil, nil, nil
	g.in.ForgetLocked()
	g.out.track.ForgetText()
}

// Client is whom generations are spoken for: a connection, or a request. It does not change once it has a generation.
type Client struct {
	// ID is the session's, in logs and records.
	ID     string
	Key    *access.Key
	Remote netip.Addr       // whose it is; invalid: not known
	Trace  trace.Context    // that its generations are part of, unless their requests name another
	Out    *delivery.Outbox // where its messages wait
	// Listener is told of its generations.
	Listener Listener

	engine *Engine
	short  *limits.Rate // of all short pieces of its texts
}

// Listener is told of each step of a generation that its client has to know.
type Listener interface {
	// Accepted: the generation stands, and its record.
	Accepted(g *Generation)
	// Refused: it was not admitted; there is nothing more of it.
	Refused(g *Generation, err *refusals.Error)
	// Ended: it has been settled, and its end is to be sent, by Finish.
	Ended(g *Generation)
	// Speaking: a target is heard in it from now on. took: in the stead of one of another provider, or of its own.
	Speaking(g *Generation, target routing.Target, took bool)
}

// NewClient has no listener yet, and no outbox.
func (e *Engine) NewClient(key *access.Key) Client {
	return Client{
		ID:     rand.Text(),
		Key:    key,
		engine: e,
		short:  speech.SharedRate(),
	}
}

// Log is made anew each time: one that is kept takes half a kilobyte of an idle connection.
func (c *Client) Log() zerolog.Logger {
	return c.engine.log.With().
		Str("session_id", c.ID).Str("tenant", c.Key.Tenant).Str("key", c.Key.Name).Stringer("remote", c.Remote).
		Logger()
}
