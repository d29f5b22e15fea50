package inworld

import (
	"context"
	"encoding/json"
	"strconv"
	"time"

	"github.com/coder/websocket"

	"voicerelay/upstream/emulator/engine"
)

// connection is one connection. Its reader takes commands, and a goroutine of each context speaks.
type connection struct {
	line

	contexts map[string]*speechContext // that are open, by id; guarded by the line's mu
	unnamed  int                       // contexts that the client has not named; owned by the reader
}

// serve reads until the connection is over.
func (c *connection) serve() {
	defer c.server.Connected()()
	ctx, cancel := context.WithCancel(c.server.Context())
	defer func() {
		cancel()
		_ = c.socket.CloseNow() // frees a writer that is blocked
		c.wg.Wait()
	}()
	c.stir()
	c.wg.Go(func() { c.watch(ctx) })
	for {
		kind, data, err := c.socket.Read(context.Background()) // ends with the socket
		if err != nil {
			return
		}
		c.stir()
		if c.closed.Load() {
			continue
		}
		if wrong := c.take(ctx, data, kind == websocket.MessageText); wrong != nil {
			c.fail(*wrong)
			if c.quirks.errorCloses {
				c.close()
				return
			}
		}
	}
}

// watch closes the socket once nothing has happened on it for too long.
func (c *connection) watch(ctx context.Context) {
	idle := idleTimeout
	if own := c.server.Options().Inactivity; own > 0 {
		idle = own
	}
	left := idle
	for engine.Pause(ctx, left) {
		c.mu.Lock()
		left = time.Until(c.last.Add(idle))
		c.mu.Unlock()
		if left <= 0 {
			c.close()
			return
		}
	}
}

// take does what a message asks for, or says what is wrong with it, where that is of no context.
func (c *connection) take(ctx context.Context, data []byte, isText bool) *failure {
	var m message
	if !isText || json.Unmarshal(data, &m) != nil || len(m.ContextID) > maxIDs {
		return invalid("Invalid message")
	}
	if m.Create != nil {
		c.create(ctx, m)
		return nil
	}
	if m.CancelContext != nil {
		c.server.Note(func(st *engine.Stats) {
			st.Cancels = append(st.Cancels, engine.Cancel{ID: m.ContextID, At: time.Now()})
		})
	}
	k := c.context(m.ContextID)
	if k == nil {
		c.failContext(m.ContextID, failure{notFound, "Context not found"})
		return nil
	}
	switch {
	case m.SendText != nil:
		k.append(*m.SendText)
	case m.FlushContext != nil:
		k.flush()
	case m.UpdateConfig != nil:
		k.update(*m.UpdateConfig)
	case m.CloseContext != nil:
		k.close()
	case m.CancelContext != nil && c.quirks.cancels == "closes":
		k.cancel()
	default:
		c.failContext(k.id, failure{unimplemented, "Unknown command"})
	}
	return nil
}

// context is the context of an id, or the only one where the client names none.
func (c *connection) context(id string) *speechContext {
	c.mu.Lock()
	defer c.mu.Unlock()
	if id != "" || len(c.contexts) != 1 {
		return c.contexts[id]
	}
	for _, k := range c.contexts {
		return k
	}
	return nil
}

// create opens a context, and answers it.
// What a sixth is answered is not documented, nor what a second create of an id is.
func (c *connection) create(ctx context.Context, m message) {
	settings, wrong := defaults().with(*m.Create, c.quirks)
	if m.ContextID == "" {
		c.unnamed++
		m.ContextID = "context-" + strconv.Itoa(c.unnamed)
	}
	c.mu.Lock()
	open, taken := len(c.contexts), c.contexts[m.ContextID] != nil
	c.mu.Unlock()
	switch {
	case wrong != nil:
	case taken:
		wrong = invalid("Context exists")
	case open >= maxContexts:
		wrong = &failure{resourceExhausted, "Too many contexts"}
	case !c.mayBegin():
		wrong = &failure{resourceExhausted, "Too many requests"}
	}
	if wrong != nil {
		c.failContext(m.ContextID, *wrong)
		return
	}
	c.send(m.ContextID, "contextCreated", settings.object())
	k := newSpeechContext(&c.line, m.ContextID, settings)
	k.leave = func() { c.forget(k) }
	c.mu.Lock()
	c.contexts[k.id] = k
	c.mu.Unlock()
	ctx, k.stop = context.WithCancel(ctx)
	c.wg.Go(func() { k.run(ctx) })
}

// forget frees a context's place and id, once.
func (c *connection) forget(k *speechContext) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.contexts[k.id] == k {
		delete(c.contexts, k.id)
		c.server.Finish(k.index)
	}
}
