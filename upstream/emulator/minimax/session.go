package minimax

import (
	"fmt"
	"time"

	"voicerelay/upstream/emulator/engine"
)

// connection is one connection. Its reader takes events, and one goroutine does what they order.
type connection struct {
	queue

	// Owned by the reader, and static once the speaker runs.
	session  string
	started  bool
	settings settings

	speaker // owned by the speaker
}

// speaker is what a connection's speaker keeps from text to text.
type speaker struct {
	latest *turn     // that audio was sent of
	said   synthesis // the one under way
}

// synthesis is one text that is spoken at once.
type synthesis struct {
	text   string
	spoken time.Duration
	size   int // bytes, of which so many are sent
	sent   int
}

func newConnection(e *emulator, name string, bidi bool) *connection {
	l := &line{emulator: e, name: name, bidi: bidi}
	return &connection{queue: queue{line: l, wake: make(chan struct{}, 1)}, session: name}
}

// event sends a frame, with what it has besides. trace_id is of one request: what is said up to a flush is one here.
func (c *connection) event(kind string, more engine.Object) { c.frame(kind, 0, more) }

// refuse sends a frame that tells an error.
func (c *connection) refuse(kind string, code int) {
	more := engine.Object{}
	if kind == "task_continued" {
		more["data"], more["is_final"] = nil, false
	}
	c.frame(kind, code, more)
}

func (c *connection) frame(kind string, code int, more engine.Object) {
	o := engine.Object{"event": kind, "session_id": c.session, "connect_id": c.name, "trace_id": c.trace(), "base_resp": base(code)}
	for name, value := range more {
		o[name] = value
	}
	c.stir()
	engine.Send(c.socket, o)
}

// trace is the name of the turn that is being spoken, else of the one that is gathered.
func (c *connection) trace() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.speaking != nil:
		return c.speaking.trace
	case c.turn != nil:
		return c.turn.trace
	}
	return fmt.Sprintf("%s.%d", c.name, max(1, c.turns))
}

// fail ends the session with an error. A second task_start, and a key, are known to close the socket; for others it is drawn.
func (c *connection) fail(code int) {
	c.refuse("task_failed", code)
	if code == outOfOrder || c.quirks.failCloses {
		c.end()
		return
	}
	c.finish()
}

// end closes the socket by the code that is drawn, as none is documented.
func (c *connection) end() {
	c.finish()
	c.wg.Go(func() { c.close(c.quirks.closeCode) })
}
