package minimax

import (
	"context"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/coder/websocket"

	"voicerelay/upstream/emulator/engine"
)

// serve reads until the connection is over.
func (c *connection) serve() {
	defer c.server.Connected()()
	ctx, cancel := context.WithCancel(c.server.Context())
	defer func() {
		cancel()
		_ = c.socket.CloseNow() // frees a writer that is blocked
		c.wg.Wait()
		c.drop()
	}()
	c.stir()
	c.wg.Go(func() { c.watch(ctx) })
	c.event("connected_success", nil)
	for {
		kind, data, err := c.socket.Read(context.Background()) // ends with the socket
		if err != nil {
			return
		}
		c.stir()
		if m, ok := parse(data); ok && kind == websocket.MessageText {
			c.take(ctx, m)
		} else {
			c.fail(badParameters)
		}
	}
}

// watch ends a connection that has been quiet for too long. The server never pings, and a client's ping is a sign of life
// (MiniMax's docs).
func (c *connection) watch(ctx context.Context) {
	left := c.idle()
	for engine.Pause(ctx, left) {
		if left = time.Until(c.stirred().Add(c.idle())); left <= 0 {
			c.refuse("task_failed", idleTooLong)
			c.close(c.quirks.closeCode)
			return
		}
	}
}

// pinged is the library's callback for a ping, and answers it.
func (c *connection) pinged(context.Context, []byte) bool {
	c.stir()
	return true
}

// take does what an event asks for. After task_failed and task_finish nothing is taken.
func (c *connection) take(ctx context.Context, m message) {
	switch {
	case c.isOver():
	case m.Event == "task_start":
		c.start(ctx, m)
	case !c.started:
		c.fail(outOfOrder)
	case m.Event == "task_continue":
		c.append(m.Text)
	case m.Event == "task_finish":
		c.order(thenFinished)
	case m.Event == "task_flush" && c.bidi:
		c.order(thenFlushed)
	case m.Event == "task_cancel" && c.bidi:
		c.cancel()
	default:
		c.refuse("task_failed", unknownEvent)
		if c.quirks.unknownCloses {
			c.end()
		}
	}
}

// start opens the one session of the connection. A second one ends it.
func (c *connection) start(ctx context.Context, m message) {
	s, ok := m.settings()
	switch {
	case c.started:
		c.fail(outOfOrder)
		return
	case !ok:
		c.fail(badParameters)
		return
	}
	if m.SessionID != "" {
		c.session = m.SessionID
	}
	c.started, c.settings = true, s
	if c.quirks.sentenceEarly && c.bidi {
		c.event("sentence_start", nil)
	}
	c.event("task_started", nil)
	c.wg.Go(func() { c.speak(ctx) })
}

// append takes a text. One that is too long, or too much, is skipped, and the session lives.
func (c *connection) append(text string) {
	switch length := utf8.RuneCountInString(text); {
	case strings.TrimSpace(text) == "": // dropped without a word (MiniMax's docs)
	case length >= maxText:
		c.refuse(c.quirks.skipEvent, textTooLong)
	case hidden(text) > mostHidden:
		c.fail(invisible)
	case !c.put(text, length):
		c.refuse(c.quirks.skipEvent, queueFull)
	}
}

// cancel drops all that is not spoken, and stops what is.
func (c *connection) cancel() {
	c.server.Note(func(st *engine.Stats) { st.Cancels = append(st.Cancels, engine.Cancel{ID: c.name, At: time.Now()}) })
	c.clear()
}
