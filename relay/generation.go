package relay

import (
	"context"
	"crypto/rand"
	"fmt"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"voicerelay/limits"
	"voicerelay/relay/delivery"
	"voicerelay/relay/input"
	"voicerelay/relay/position"
	"voicerelay/relay/trace"
)

// Generation is one utterance, from its text to its done. What it works with is in types of its own: out is what the client
// gets, in what is to be spoken, funds what that costs. It still has more than 30 methods, since clients of the engine reach
// those types through it (handle.go).
type Generation struct {
	// Static after newGeneration.
	engine   *Engine
	client   *Client
	req      Prepared
	recordID string
	began    time.Time
	log      zerolog.Logger
	trace    trace.Generation // nil: it is not shown
	cancel   context.CancelCauseFunc

	closing sync.WaitGroup // streams on their way in or out, and the ledger's entry
	booking booking
	grant   limits.Grant // written by run before anything is spoken, then read alone

	out  output      // what the client gets
	in   input.Input // what is to be spoken
	done Result      // what is settled of the end, guarded by out.mu; zero until it is concluded
}

// NewGeneration is a generation that does not run yet. turn is its context's; nil: it waits for no other.
func (c *Client) NewGeneration(p *Prepared, encoder Encoder, turn *delivery.Turn) *Generation {
	if p.encoder = encoder; p.asked.Compressed() {
		p.encoder = bare{encoder}
	}
	return newGeneration(c, *p, turn, p.at)
}

func newGeneration(c *Client, req Prepared, t *delivery.Turn, now time.Time) *Generation {
	g := &Generation{
		engine:   c.engine,
		client:   c,
		req:      req,
		recordID: newRecordID(now),
		began:    now,
	}
	g.out = output{
		engine: c.engine,
		req:    &g.req,
		marks:  g.in.Marks(),
		wakeup: make(chan struct{}, 1),
		track:  position.NewTrack(req.output.Rate),
		whole:  -1,
	}
	g.log = c.engine.log.With().Str("session_id", c.ID).Str("tenant", c.Key.Tenant).Str("key", c.Key.Name).
		Str("generation_id", req.id).Str("record_id", g.recordID).Logger()
	g.beginTrace()
	g.out.lane = c.Out.NewLane(t, req.output.Rate, g.out.notify)
	g.in = g.newInput()
	return g
}

// Begin is the generation's own context, which Stop ends. It is called once, before anybody else knows of the generation.
func (g *Generation) Begin(ctx context.Context) context.Context {
	ctx, g.cancel = context.WithCancelCause(ctx)
	return ctx
}

// Run takes the generation from admission to its done, under the context of Begin.
func (g *Generation) Run(ctx context.Context) {
	defer g.cancel(nil)
	defer g.survivePanic()
	grant, err := g.admit(ctx)
	if err != nil {
		g.refuse(g.engine.refusal(err))
		return
	}
	g.grant = grant
	defer g.settleAdmission(ctx, grant) // after a panic; only the first counts
	if err := g.reserve(ctx); err != nil {
		g.withdraw(ctx, grant, err)
		return
	}
	g.enterLedger(ctx)
	end, again := ending{}, true
	for again {
		end, again = g.playOut(ctx, g.speak(ctx))
	}
	g.closing.Wait() // bounded by CloseGrace, and entryPatience
	if err := g.awaitEntry(); err != nil {
		g.withdraw(ctx, grant, err)
		return
	}
	g.conclude(g.endPaid(end))
	story := g.story(g.closeRecord(ctx))
	defer g.endTrace(story)       // when its end is on its way
	g.settleAdmission(ctx, grant) // before done, so that a client that has it can use what it freed
	g.client.Listener.Ended(g)
}

// survivePanic ends a generation that hit a fault of ours with an internal error, and only this generation.
func (g *Generation) survivePanic() {
	fault := recover()
	if fault == nil {
		return
	}
	err := g.engine.Internal(g.log, "panic in a generation", fault)
	g.Stop(&StopCause{name: "internal fault", reason: Failed, err: err})
	g.closing.Wait() // for what the vendors charged, as without a fault
	if g.booking.over == nil || g.awaitEntry() != nil {
		g.settleReservation(context.Background(), g.record())
		g.refuse(err)
		return
	}
	g.conclude(ending{reason: Failed, err: err})
	story := g.story(g.closeRecord(context.Background()))
	defer g.endTrace(story)
	g.client.Listener.Ended(g)
}

// Stop ends the generation from our side. Once it has returned, nothing but done goes to the client. It
// reports false where done was queued already.
func (g *Generation) Stop(cause *StopCause) bool {
	g.out.mu.Lock()
	defer g.out.mu.Unlock()
	if g.out.stopLocked(cause, time.Now()) {
		g.cancel(cause)
	}
	return g.out.phase != phaseOver // what is concluded has its done on the way
}

// noteHeard notes that the client is about to hear the first audio. It is called with out.mu held.
func (g *Generation) noteHeard(at time.Time, provider string) {
	g.grant.Heard() // its idempotency key stays used, whatever happens to this relay
	waited, route := at.Sub(g.began), g.req.plan.Route
	g.engine.metrics.GenerationHeard(provider, waited)
	g.engine.metrics.CallerHeard(route, g.req.plan.Raw, waited)
}

// Trim frees what only a running generation needs, while its last messages wait for the client.
func (g *Generation) Trim() {
	g.out.mu.Lock()
	defer g.out.mu.Unlock()
	g.out.setActiveLocked(nil)
	g.out.attempts, g.out.speaking, g.out.lastSpoke = nil, nil, nil
	g.in.ForgetLocked()
	g.out.track.ForgetText()
}

// newRecordID is unique over all relays: the time first, so that records sort, then 80 random bits.
func newRecordID(now time.Time) string {
	return fmt.Sprintf("%012x%s", now.UnixMilli(), rand.Text()[:16])
}
