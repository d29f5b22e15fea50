package fish

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
	if idle := c.idle(); idle > 0 {
		c.wg.Go(func() { c.watch(ctx, idle) })
	}
	for {
		kind, data, err := c.socket.Read(context.Background()) // ends with the socket
		if err != nil {
			return
		}
		c.stir()
		m, ok := parse(data)
		if kind != websocket.MessageBinary || !ok {
			c.fail("Invalid message")
			return
		}
		if !c.take(ctx, m) {
			return
		}
	}
}

// drop ends the session in the stats. Closing the socket is the one way to stop one, so that is a cancel where it is not over.
func (c *connection) drop() {
	if !c.started {
		return
	}
	c.sessions.Add(-1)
	c.server.Finish(c.sender.Index)
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.finished && !c.dead && c.server.Context().Err() == nil {
		c.server.Note(func(st *engine.Stats) { st.Cancels = append(st.Cancels, engine.Cancel{ID: c.name, At: time.Now()}) })
	}
}

// watch closes a socket that is quiet for too long. Whether there is a limit is not documented.
func (c *connection) watch(ctx context.Context, idle time.Duration) {
	for left := idle; engine.Pause(ctx, left); {
		c.mu.Lock()
		left = time.Until(c.heard.Add(idle))
		c.mu.Unlock()
		if left <= 0 {
			c.close()
			return
		}
	}
}

// take does what a message asks for, and reports whether the connection goes on.
func (c *connection) take(ctx context.Context, m message) (more bool) {
	if m.Event != "start" && !c.started {
		return c.fail("The first event must be start")
	}
	switch m.Event {
	case "start":
		return c.start(ctx, m)
	case "text":
		return c.append(m.Text)
	case "flush":
		c.order(false)
	case "stop":
		c.order(true)
	default:
		return c.quirks.ignoresUnknown || c.fail("Unknown event")
	}
	return true
}

// start begins the session, of which a connection has one. What becomes of a second start is not documented.
func (c *connection) start(ctx context.Context, m message) (more bool) {
	switch {
	case c.started && c.quirks.startAgain == "error":
		return c.fail("The session has been started")
	case c.started:
		return true
	case m.Request == nil:
		return c.fail("missing field `request`")
	case c.quirks.limit == "start" && !c.room():
		c.tell(engine.Object{"event": "error", "error": concurrencyExceeded, "max_concurrency": concurrency})
		c.close()
		return false
	}
	s, wrong := m.Request.settings()
	if wrong != "" {
		if c.quirks.refusal == "finish" {
			return c.end("error")
		}
		return c.fail(wrong)
	}
	c.started = true
	c.sessions.Add(1)
	c.begin(s)
	c.wg.Go(func() { c.speak(ctx) })
	return m.Request.Text == "" || c.append(m.Request.Text)
}

// append adds a text. Texts are joined as sent, and spoken once there are as many characters as a chunk has.
func (c *connection) append(text string) (more bool) {
	c.mu.Lock()
	full := len(c.buffer)+len(text) > maxBuffered || len(c.texts) >= maxChunks
	if !full && !c.last && text != "" {
		c.server.Stream(c.sender.Index, func(s *engine.Stream) { s.Texts = append(s.Texts, text) })
		c.buffer += text
		for utf8.RuneCountInString(c.buffer) >= c.settings.gathers {
			n := c.cut()
			c.texts, c.buffer = append(c.texts, c.buffer[:n]), c.buffer[n:]
		}
	}
	c.mu.Unlock()
	c.poke()
	return !full || c.fail("Too much text")
}

// cut is where the buffer's first chunk ends: at a word's end, where there is one. The caller holds mu.
func (c *connection) cut() int {
	end := 0
	for range c.settings.gathers {
		_, size := utf8.DecodeRuneInString(c.buffer[end:])
		end += size
	}
	if n := engine.LastBoundary(c.buffer[:end]); strings.TrimSpace(c.buffer[:n]) != "" {
		return n
	}
	return end
}

// order has all spoken that is buffered; last: and then the end told. Nothing else answers it.
func (c *connection) order(last bool) {
	defer c.poke()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.last {
		return
	}
	c.last = last
	if !last {
		c.server.Stream(c.sender.Index, func(s *engine.Stream) { s.Flushes++ })
	}
	text := c.buffer
	for c.quirks.splits {
		sentence, rest := engine.FirstSentence(text)
		if sentence == "" {
			break
		}
		c.texts, text = append(c.texts, sentence), rest
	}
	if text != "" {
		c.texts = append(c.texts, text)
	}
	c.buffer = ""
}
