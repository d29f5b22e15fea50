package native

import (
	"time"

	"github.com/voicerelay/voicerelay/client/protocol"

	"voicerelay/downstream"
	"voicerelay/relay"
	"voicerelay/relay/refusals"
	"voicerelay/routing"
)

// Accepted tells the client that a generation stands, and uses its id up.
func (t *talk) Accepted(g *relay.Generation) {
	t.mu.Lock()
	t.register.accepted.Add(g.ID())
	t.mu.Unlock()
	t.send(protocol.Accepted{GenerationID: g.ID(), RecordID: g.RecordID()})
}

// Refused tells the client that a generation was not admitted; its id is free again.
func (t *talk) Refused(g *relay.Generation, err *refusals.Error) {
	t.mu.Lock()
	t.register.remove(g, time.Now())
	t.mu.Unlock()
	answer := downstream.WireError(err)
	answer.Command, answer.GenerationID = "generate", g.ID()
	t.send(answer)
}

// Ended moves a generation from the running ones to the remembered, as its done is queued: at once, as far as commands can
// tell, since a client that has its done may start another in its stead.
func (t *talk) Ended(g *relay.Generation, finish func()) {
	reached, now := g.Extent(), time.Now()
	t.mu.Lock()
	defer t.mu.Unlock()
	t.register.remove(g, now)
	finish()
	t.register.keep(g.ID(), reached, now)
}

// Speaking has the context of a generation stay with the target that speaks it. Where that one took over from another,
// what waits unheard after the generation is spoken again; not what comes before it, or two that broke off in turn
// would supersede each other without end.
func (t *talk) Speaking(g *relay.Generation, target routing.Target, took bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	c := t.register.contexts[g.ContextID()]
	if g.ContextID() == "" || c == nil {
		return
	}
	c.stay(t.register.places[g.ID()].place, target)
	if !took {
		return
	}
	for _, id := range t.register.later(g.ID()) {
		t.register.running[id].Supersede(target.Provider)
	}
}

// named notes that the client has used an id in a generate, so that what crosses its refusal is understood.
func (t *talk) named(id, command string) {
	if id == "" || command != "generate" {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.register.named.Add(id)
}
