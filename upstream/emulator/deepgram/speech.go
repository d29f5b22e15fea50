package deepgram

import (
	"context"
	"unicode/utf8"

	"github.com/coder/websocket"

	"voicerelay/upstream/emulator/engine"
)

// speak does what is ordered, until the connection is over.
func (c *connection) speak(ctx context.Context) {
	for ctx.Err() == nil {
		item, speech, ok := c.next(ctx)
		if !ok {
			select {
			case <-ctx.Done():
			case <-c.wake:
			}
			continue
		}
		if !c.do(speech, item) && speech.Err() == nil {
			c.quiet(item)
			continue
		}
		if !c.answer(item) {
			return
		}
	}
}

// next takes an item, with a context that a Clear ends.
func (c *connection) next(ctx context.Context) (item job, speech context.Context, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.queue) == 0 {
		return item, nil, false
	}
	item, c.queue = c.queue[0], c.queue[1:]
	speech, c.halt = context.WithCancel(ctx)
	return item, speech, true
}

// quiet ends an item that met its fault.
func (c *connection) quiet(item job) {
	item.turn.dead = true
	c.mu.Lock()
	defer c.mu.Unlock()
	c.halt()
	c.halt = nil
	c.finish(item.turn)
}

// do speaks an item's text, and reports whether nothing went wrong.
func (c *connection) do(ctx context.Context, item job) bool {
	if item.turn == nil || item.turn.dead {
		return true
	}
	if c.broken(ctx, item.turn) {
		return false
	}
	characters := int64(utf8.RuneCountInString(item.text))
	c.server.Stream(item.turn.index, func(s *engine.Stream) { s.Charge += characters * charMicros })
	return !engine.Speakable(item.text) || c.voice(ctx, item.turn, item.text)
}

// answer says that an item is done. It reports false where that ends the connection.
// Flushed comes after the turn's last audio, and is its only end mark: audio frames bear no ids.
func (c *connection) answer(item job) bool {
	c.mu.Lock()
	stopped := c.halt != nil && c.cutLocked()
	c.halt()
	c.halt = nil
	if item.then != thenNothing || stopped {
		c.finish(item.turn)
	}
	c.mu.Unlock()
	switch {
	case item.then == thenFlushed && stopped && !c.quirks.clearFlushed:
	case item.then == thenFlushed && item.turn == nil && !c.quirks.emptyFlush:
	case item.then == thenFlushed:
		c.send(engine.Object{"type": "Flushed", "sequence_id": c.sequence(&c.flushed)})
	case item.then == thenCleared:
		c.sendStale()
		c.send(engine.Object{"type": "Cleared", "sequence_id": c.sequence(&c.cleared)})
	case item.then == thenClose:
		c.close(closeReason{websocket.StatusNormalClosure, ""})
		return false
	}
	return true
}

// cutLocked reports whether a Clear has come for what is being spoken: it then waits to be answered.
func (c *connection) cutLocked() bool {
	for _, item := range c.queue {
		if item.then == thenCleared {
			return true
		}
	}
	return false
}

// sequence counts an answer.
// Whether the two have one row of numbers or one each, and from 0 or 1, is not documented.
func (c *connection) sequence(own *int) int {
	if c.quirks.oneSequence {
		own = &c.flushed
	}
	n := *own
	*own++
	return n
}
