package deepgram

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"voicerelay/upstream/emulator/engine"
)

// connection is one connection, which speaks one thing at a time. Its reader takes messages, and one goroutine does
// what they order.
type connection struct {
	*line
	wake chan struct{} // holds one token while there may be something to do

	// Owned by the reader.
	flushes []time.Time // in the latest window

	mu     sync.Mutex // guards what follows
	queue  []job
	buffer string // text that no order to speak has come for
	turn   *turn  // that the buffer belongs to; nil: none has begun
	turns  int
	halt   context.CancelFunc // stops what is being spoken; nil: nothing is

	// Owned by the speaker.
	flushed, cleared int // the next sequence_ids
	told             bool
}

// job is what the speaker does next: speak a text, and then answer.
type job struct {
	turn *turn // nil: nothing was said
	text string
	then then
}

// then is what follows a text.
type then int

const (
	thenNothing then = iota
	thenFlushed
	thenCleared
	thenClose
)

// newConnection is a connection whose Metadata comes with the socket, or before its first audio.
func newConnection(l *line) *connection {
	c := &connection{line: l, wake: make(chan struct{}, 1)}
	c.flushed, c.cleared = l.quirks.firstSequence, l.quirks.firstSequence
	l.announce = func(*turn) {
		if !c.told && c.quirks.metadata == "audio" {
			c.sendMetadata()
		}
		c.told = true
	}
	return c
}

// begin enters a turn in the stats. A connection's turns have no ids on the wire.
func (c *connection) begin(n int) *turn {
	return &turn{index: c.server.Begin(fmt.Sprintf("%s.%d", c.request, n)), fault: c.server.CurrentFault()}
}

// finish ends a turn in the stats. The caller holds mu.
func (c *connection) finish(t *turn) {
	if t != nil && !t.over {
		t.over = true
		c.server.Finish(t.index)
	}
}

// append takes a text.
// Texts are joined as they stand: LiveKit's plugin for Python sends single words, each with its space. Whether a whole
// sentence is spoken before a Flush is not documented.
func (c *connection) append(text *string) (wrong closeReason, ok bool) {
	switch {
	case text == nil:
		return badData(), false
	case c.quirks.maxText > 0 && utf8.RuneCountInString(*text) > c.quirks.maxText:
		return tooBig(), false
	}
	defer c.poke()
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.queue) >= maxWaiting {
		return tooBig(), false
	}
	if c.turn == nil {
		c.turns++
		c.turn = c.begin(c.turns)
	}
	c.server.Stream(c.turn.index, func(s *engine.Stream) { s.Texts = append(s.Texts, *text) })
	c.buffer += *text
	end := strings.LastIndexAny(c.buffer, ".!?") + 1
	if c.quirks.unasked && end > 0 && end < len(c.buffer) { // a sign at the very end may go on: 3.14
		c.queue = append(c.queue, job{turn: c.turn, text: c.buffer[:end]})
		c.buffer = c.buffer[end:]
	}
	return wrong, true
}

// mayFlush reports whether another Flush is allowed. One too many is answered by a Warning, and ignored.
// The docs allow 20 Flush messages in 60 s, then send a Warning and ignore the next (Deepgram's docs, TTS WebSocket, Flush).
// An ignored one has no Flushed, so that who waits for it waits for ever.
func (c *connection) mayFlush(now time.Time) bool {
	for len(c.flushes) > 0 && now.Sub(c.flushes[0]) >= window {
		c.flushes = c.flushes[1:]
	}
	if len(c.flushes) >= flushes {
		c.warn("EXCESSIVE_FLUSH", "Too many flushes: 20 in 60 seconds are allowed")
		return false
	}
	c.flushes = append(c.flushes, now)
	return true
}

// flush has all that is buffered spoken, and answered.
// Close speaks what is left, and then ends the connection (Deepgram's docs, TTS WebSocket, Close).
func (c *connection) flush(then then) {
	defer c.poke()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.turn != nil {
		c.server.Stream(c.turn.index, func(s *engine.Stream) { s.Flushes++ })
	}
	c.queue = append(c.queue, job{turn: c.turn, text: c.buffer, then: then})
	c.turn, c.buffer = nil, ""
}

// clear drops all that is not spoken, and stops what is.
// By the docs it empties the buffers and stops as soon as it can, and Cleared comes after that (Deepgram's docs, TTS
// WebSocket, Clear). What becomes of a Flush that waits is not said.
func (c *connection) clear() {
	defer c.poke()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.server.Note(func(st *engine.Stats) { st.Cancels = append(st.Cancels, engine.Cancel{ID: c.request, At: time.Now()}) })
	var kept []job
	for _, item := range c.queue {
		c.finish(item.turn)
		if item.then == thenCleared || item.then == thenClose || item.then == thenFlushed && c.quirks.clearFlushed {
			kept = append(kept, job{then: item.then})
		}
	}
	c.finish(c.turn)
	c.queue = append(kept, job{then: thenCleared})
	c.turn, c.buffer = nil, ""
	if c.halt != nil {
		c.halt()
	}
}

// drop forgets all that is not spoken. The speaker is over.
func (c *connection) drop() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, item := range c.queue {
		c.finish(item.turn)
	}
	c.finish(c.turn)
	c.queue = nil
}

func (c *connection) poke() {
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

// warn sends a Warning, in the fields that are drawn. The docs have description and code; LiveKit's plugin reads warn_msg.
func (c *connection) warn(code, text string) {
	o := engine.Object{"type": "Warning"}
	if c.quirks.warning != "warn_msg" {
		o["description"], o["code"] = text, code
	}
	if c.quirks.warning != "description" {
		o["warn_code"], o["warn_msg"] = code, text
	}
	c.send(o)
}

func (c *connection) sendMetadata() {
	c.send(engine.Object{
		"type": "Metadata", "request_id": c.request, "model_name": c.settings.model,
		"model_version": "2026-01-01.0", "model_uuid": "00000000-0000-0000-0000-000000000001",
	})
}
