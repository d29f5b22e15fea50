package cartesia

import (
	"slices"
	"time"

	"github.com/voicerelay/voicerelay/client/protocol"

	"voicerelay/downstream"
	"voicerelay/relay"
	"voicerelay/relay/delivery"
)

// Bounds on what a connection remembers of contexts that have failed, and whose end its client has not said yet.
const (
	failedLife = 5 * time.Minute
	maxFailed  = 256
)

// conversation is all that has one context id: utterances, of which each begins where the text of the one before has ended.
type conversation struct {
	order   delivery.Turn
	open    *utterance // takes more text; nil: the next text begins another
	running []*utterance
	failed  time.Time // when the one that took text failed: what still comes for it is swallowed; zero: it did not
}

// utterance is one context's text, and the generation that speaks it.
type utterance struct {
	// Static after begin.
	id      string
	encoder *encoder
	whole   bool // each transcript is a phrase
	// Set before anybody else knows of it.
	g *relay.Generation

	// Owned by the reader.
	phrases downstream.Phrases

	// Guarded by the talk's mutex.
	failure *protocol.Error // for which the client's own message has ended it; nil: none
}

// contexts are those of a connection. They are guarded by the talk's mutex.
type contexts struct {
	out   *delivery.Outbox // static
	named map[string]*conversation
}

// of is the conversation of an id, made where it is new.
func (c *contexts) of(id string) *conversation {
	if c.named == nil {
		c.named = make(map[string]*conversation)
	}
	if c.named[id] == nil {
		c.named[id] = &conversation{}
	}
	return c.named[id]
}

// add enters an utterance that takes text, unless all of it has come.
func (c *contexts) add(u *utterance, finished bool) {
	conv := c.of(u.id)
	conv.running = append(conv.running, u)
	if !finished {
		conv.open = u
	}
}

// remove takes out a generation that has ended or was refused. It returns its utterance, and whether it took text still; nil if
// it is not known.
func (c *contexts) remove(g *relay.Generation) (u *utterance, open bool) {
	conv := c.named[g.ID()]
	if conv == nil {
		return nil, false
	}
	at := slices.IndexFunc(conv.running, func(u *utterance) bool { return u.g == g })
	if at < 0 {
		return nil, false
	}
	u = conv.running[at]
	conv.running = slices.Delete(conv.running, at, at+1)
	if open = conv.open == u; open {
		conv.open = nil
	}
	return u, open
}

// fail has what still comes for an id swallowed until its client ends it.
func (c *contexts) fail(id string, now time.Time) {
	conv := c.of(id)
	conv.open, conv.failed = nil, now
}

// prune forgets ids of which nothing is left, failures that the client has not taken note of for long, and the oldest of
// them where there are too many.
func (c *contexts) prune(now time.Time) {
	failed, oldest := 0, (*conversation)(nil)
	for id, conv := range c.named {
		if now.Sub(conv.failed) > failedLife {
			conv.failed = time.Time{}
		}
		if conv.open == nil && len(conv.running) == 0 && conv.failed.IsZero() && c.out.Over(&conv.order) {
			delete(c.named, id)
			continue
		}
		if conv.failed.IsZero() {
			continue
		}
		if failed++; oldest == nil || conv.failed.Before(oldest.failed) {
			oldest = conv
		}
	}
	if failed > maxFailed {
		oldest.failed = time.Time{} // and the next call forgets it
	}
}
