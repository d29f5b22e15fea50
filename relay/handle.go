package relay

import (
	"time"

	"voicerelay/audio"
	"voicerelay/relay/position"
)

// ID is the client's name for the generation.
func (g *Generation) ID() string { return g.req.id }

// ContextID is the conversation that it belongs to; empty: it stands for itself.
func (g *Generation) ContextID() string { return g.req.contextID }

// ContextID is the conversation that it is to belong to; empty: it stands for itself.
func (p *Prepared) ContextID() string { return p.contextID }

// RecordID is what the ledger knows it by.
func (g *Generation) RecordID() string { return g.recordID }

// Mark has all text so far spoken, as Flush does, and the encoder told once all of it has been, if it is a Marker.
func (g *Generation) Mark() { g.in.Flush(1) }

// Tell queues a message of the generation's, after the audio of it that waits. It is called in Listener.Ended, before Finish.
func (g *Generation) Tell(body []byte) {
	g.out.mu.Lock()
	defer g.out.mu.Unlock()
	g.out.tellLocked(body)
}

// Thrift has vendors given more text only once all audio that waits has been sent: the client is likely to leave, and would not hear
// what is spoken ahead.
func (g *Generation) Thrift() { g.out.lane.Thrift() }

// SetPlayed notes how much of the generation the client has played.
func (g *Generation) SetPlayed(played time.Duration) { g.out.setPlayed(played) }

// PlaysAt says how much of the generation the client has played by now, where that is not what it should have: it has paused, or waits
// before it plays.
func (g *Generation) PlaysAt(played time.Duration) {
	g.out.lane.PlaysAt(audio.Samples(played, g.req.output.Rate), time.Now())
	g.out.notify() // a backup may be due later, or at once
}

// Sent is how much audio the client was sent, as far as its connection has taken it.
func (g *Generation) Sent() time.Duration { return g.out.sent() }

// Extent is how far the audio that was sent reaches into the text. The generation has been stopped, or concluded, as in
// Listener.Ended.
func (g *Generation) Extent() position.Extent { return g.out.extent() }

// Supersede has a generation spoken again from its beginning by a provider, unless its turn has come, so that the client may have
// heard it, or the provider speaks it already.
func (g *Generation) Supersede(provider string) { g.attempts.supersede(provider) }
