package rime

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/coder/websocket"

	"voicerelay/upstream/emulator/engine"
)

// defaultContext is the context of messages that name none (AsyncAPI).
const defaultContext = "default"

// connection is one connection of v1. Its reader takes messages, and a goroutine of each context speaks.
type connection struct {
	*line
	header bool // the client has shown a key in the header

	// Owned by the reader.
	authorized bool
	configured bool
	begun      bool // a context was started
	defaults   settings

	mu       sync.Mutex // guards what follows
	contexts map[string]*speechContext
}

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
	c.send(engine.Object{"ready": engine.Object{"protocol": 1, "languages": short(), "defaultLanguage": "en"}})
	c.read(func(kind websocket.MessageType, data []byte) bool {
		var m message
		if kind != websocket.MessageText || json.Unmarshal(data, &m) != nil || m.payloads() > 1 {
			c.send(failure("", invalidInput, "The frame can't be decoded", ""))
			return false
		}
		return c.take(ctx, m)
	})
}

// drop ends all contexts in the stats. Their goroutines are over.
func (c *connection) drop() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, k := range c.contexts {
		c.server.Finish(k.sender.Index)
	}
}

// take does what a message asks for, and reports whether the connection goes on: it ends on what can't be decoded and on a bad
// key (AsyncAPI). A payload that is not known is none, and ignored.
func (c *connection) take(ctx context.Context, m message) (more bool) {
	id := m.ContextID
	if id == "" {
		id = defaultContext
	}
	switch {
	case len(id) > maxID:
		c.send(failure("", invalidInput, "contextId is longer than 128 bytes", ""))
	case m.Config != nil:
		return c.config(*m.Config)
	case m.Start != nil:
		return c.start(ctx, id, *m.Start)
	case m.Text != nil:
		c.text(id, *m.Text)
	case m.End != nil:
		if k := c.contextOf(id); k != nil {
			k.end()
		}
	case m.Cancel != nil:
		c.cancel(id)
	}
	return true
}

// config takes what holds for all contexts: at most once, before the first, and no second key (AsyncAPI).
func (c *connection) config(m config) (more bool) {
	switch {
	case c.configured || c.begun:
		c.send(failure("", invalidInput, "config must come once, before the first start", ""))
		return true
	case c.header && m.Authorization != "":
		c.send(failure("", invalidInput, "authorization is given twice", ""))
		return true
	}
	c.configured = true
	if m.Authorization != "" {
		if c.authorized = c.knows(m.Authorization); !c.authorized {
			c.server.Note(func(st *engine.Stats) { st.Refused++ })
			c.send(failure("", unauthenticated, "Invalid credentials", ""))
			return false
		}
	}
	var defaults start
	if len(m.Defaults) == 0 || json.Unmarshal(m.Defaults, &defaults) != nil {
		return true
	}
	s, wrong := c.defaults.with(defaults)
	if wrong != "" {
		c.send(failure("", invalidInput, wrong, ""))
		return true
	}
	c.defaults = s
	return true
}

// start opens a context. One that is open already fails by it.
func (c *connection) start(ctx context.Context, id string, m start) (more bool) {
	c.begun = true
	if !c.authorized {
		c.server.Note(func(st *engine.Stats) { st.Refused++ })
		c.send(failure(id, unauthenticated, "Invalid credentials", ""))
		return false
	}
	if k := c.contextOf(id); k != nil {
		c.fail(k, invalidInput, "The context has been started")
		return true
	}
	s, wrong := c.defaults.with(m)
	switch {
	case m.AudioParameters != nil && strings.HasPrefix(m.AudioParameters.AudioFormat, "audio/webm"):
		c.send(failure(id, unimplemented, "This engine has no encoder of WebM", "")) // the emulator's own lack
	case wrong != "":
		c.send(failure(id, invalidInput, wrong, ""))
	case c.tooLong(m.Text):
		c.send(failure(id, invalidInput, "The text is too long", ""))
	case c.full():
		c.send(failure(id, resourceExhausted, "Too many contexts", ""))
	default:
		c.open(ctx, id, s, m.Text)
	}
	return true
}

// open begins a context. With a text that is all of its input.
func (c *connection) open(ctx context.Context, id string, s settings, text string) {
	encoder, err := s.format.Encoder()
	if err != nil {
		c.send(failure(id, invalidInput, err.Error(), ""))
		return
	}
	request := fmt.Sprintf("request-%d", c.requests.Add(1))
	k := &speechContext{
		conn: c.line, id: id, request: request, settings: s, encoder: encoder, sender: c.sender(request),
		over: make(chan struct{}), wake: make(chan struct{}, 1),
	}
	k.sender.Send, k.sender.Fail = k.audio, k.fault
	k.forget = func() bool { return c.forget(k) }
	c.mu.Lock()
	c.contexts[id] = k
	c.mu.Unlock()
	if text != "" {
		k.append(text)
		k.end()
	}
	ctx, k.stop = context.WithCancel(ctx)
	c.wg.Go(func() { k.run(ctx) })
}

// full reports whether there is room for no other context.
func (c *connection) full() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := len(c.contexts)
	return n >= maxContexts || c.quirks.contexts > 0 && n >= c.quirks.contexts
}

func (c *connection) tooLong(text string) bool {
	return c.quirks.maxText > 0 && utf8.RuneCountInString(text) > c.quirks.maxText
}

// text adds to a context's input. One that takes none is answered by an error, which ends the context where there is one.
func (c *connection) text(id, text string) {
	k := c.contextOf(id)
	switch {
	case k == nil:
		c.send(failure(id, invalidInput, "The context is not open for input", ""))
	case c.tooLong(text):
		c.fail(k, invalidInput, "The text is too long")
	case !k.append(text):
		c.fail(k, invalidInput, "The context is not open for input")
	}
}

// cancel ends a context at once. What was under way may still come, before the confirmation.
func (c *connection) cancel(id string) {
	k := c.contextOf(id)
	name := id
	if k != nil {
		name = k.request
	}
	c.server.Note(func(st *engine.Stats) { st.Cancels = append(st.Cancels, engine.Cancel{ID: name, At: time.Now()}) })
	switch {
	case k != nil && c.forget(k):
		k.halt()
		k.sender.SendLate(c.quirks.lateFrames)
	case k == nil && !c.quirks.cancelUnknown:
		return
	case k != nil: // it has just ended by itself, and said so
		if !c.quirks.cancelUnknown {
			return
		}
	}
	c.send(engine.Object{"contextId": id, "cancelled": engine.Object{}})
}

// fail ends a context with an error. Only called by the reader.
func (c *connection) fail(k *speechContext, kind, message string) {
	if c.forget(k) {
		k.halt()
		c.send(failure(k.id, kind, message, k.told()))
	}
}

func (c *connection) contextOf(id string) *speechContext {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.contexts[id]
}

// forget ends a context's place, and reports whether it has not ended before: who is told so sends the one terminal event. The
// id is free from then on.
func (c *connection) forget(k *speechContext) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.contexts[k.id] != k {
		return false
	}
	delete(c.contexts, k.id)
	c.server.Finish(k.sender.Index)
	return true
}
