package relay

import (
	"context"

	"voicerelay/relay/running"
)

// Run takes the generation from admission to its done, under the context of Begin.
func (g *Generation) Run(ctx context.Context) {
	defer g.out.cancel(nil)
	defer g.engine.running.Enter(running.Entry[*StopCause]{RecordID: g.recordID, Tenant: g.req.Key.Tenant, Began: g.began, Generation: g})()
	defer g.survivePanic()
	askCall := g.call.Ask(ctx, g.engine.calls)
	grant, err := g.admit(ctx)
	askCall()
	if err != nil {
		g.refuse(g.engine.refusal(err))
		return
	}
	g.out.grant = grant
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
	g.call.NoteEnd(g.engine.calls)
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
	err := g.out.stopForFault("panic in a generation", fault)
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
