package conversations

import (
	"context"
	"time"

	"voicerelay/routing"
)

// Call is a conversation as one of its generations sees it. It is owned by the goroutine of the generation.
type Call struct {
	// ID is whose it is; without a name it is none, and nothing is kept of it.
	ID ID
	// Asked is when the generation was asked for, Kept how long the conversation is remembered after it.
	Asked time.Time
	Kept  time.Duration

	heard Heard
}

// Ask begins to ask what was heard last, and returns what waits for the answer.
func (c *Call) Ask(ctx context.Context, of *Registry) (wait func()) {
	if c.ID.Name == "" {
		return func() {}
	}
	if of.Shared == nil {
		c.heard = of.Last(c.ID, time.Now())
		return func() {}
	}
	answer := make(chan Heard, 1)
	go func() { answer <- of.ask(ctx, c.ID, time.Now()) }() // it ends after Patience, and is waited for
	return func() { c.heard = <-answer }
}

// Plan is a plan, but for the target that the conversation stays with.
func (c *Call) Plan(p *routing.Plan) *routing.Plan {
	if p.Failback == routing.FailbackContext || c.heard.Target == (routing.Target{}) {
		return p
	}
	return p.Prefer(c.heard.Target)
}

// NoteHeard has the conversation stay with a target that is heard.
func (c *Call) NoteHeard(of *Registry, t routing.Target) {
	c.heard = Heard{Target: t, Asked: c.Asked}
	c.NoteEnd(of)
}

// NoteEnd has the conversation be remembered from now on.
func (c *Call) NoteEnd(of *Registry) {
	if c.ID.Name != "" && c.heard.Target != (routing.Target{}) {
		of.Note(c.ID, c.heard, time.Now(), c.Kept)
	}
}
