package client

import (
	"context"
	"time"

	"github.com/voicerelay/voicerelay/client/protocol"
)

// cancellation is a cancel on its way, and what has been answered of it.
type cancellation struct {
	command *protocol.Cancel
	owed    map[string]bool            // ids without an answer; true: a played time was told
	spoken  map[string]protocol.Spoken // the answers
	failure error                      // written before over closes
	over    chan struct{}              // closed by end
}

func newCancellation(command *protocol.Cancel) *cancellation {
	return &cancellation{
		command: command, owed: make(map[string]bool), spoken: make(map[string]protocol.Spoken), over: make(chan struct{}),
	}
}

// tell notes how much was played of a generation of the context.
func (c *cancellation) tell(id string, played time.Duration) {
	if c.command.Played == nil {
		c.command.Played = make(map[string]int64)
	}
	c.command.Played[id] = max(played, 0).Milliseconds()
}

// end ends the wait for the answers. Only called by who has taken it off the link's list, or never had it there.
func (c *cancellation) end(err error) {
	c.failure = err
	close(c.over)
}

// isOver waits for the end. It reports false where ctx ended first.
func (c *cancellation) isOver(ctx context.Context) bool {
	select {
	case <-c.over:
		return true
	case <-ctx.Done():
		return false
	}
}

func (c *cancellation) take(id string, spoken protocol.Spoken) {
	c.spoken[id] = spoken
	delete(c.owed, id)
}
