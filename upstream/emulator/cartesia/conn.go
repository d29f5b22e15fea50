package cartesia

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/coder/websocket"

	"voicerelay/upstream/emulator/engine"
)

// connection is one connection. Its reader takes messages, and a goroutine of each context speaks.
type connection struct {
	line

	mu       sync.Mutex // guards what follows
	contexts map[string]*speechContext
	unnamed  int // requests without a context, which get an id of their own
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
	idle := idleTimeout
	if own := c.server.Options().Inactivity; own > 0 {
		idle = own
	}
	expired := time.AfterFunc(idle, func() {
		_ = c.socket.Close(websocket.StatusCode(c.quirks.idleCode), "") // the client may have gone
	})
	defer expired.Stop()
	for {
		_, data, err := c.socket.Read(context.Background()) // ends with the socket
		if err != nil {
			return
		}
		expired.Reset(idle)
		c.take(ctx, data)
	}
}

// take does what a message asks for.
func (c *connection) take(ctx context.Context, data []byte) {
	var m message
	if json.Unmarshal(data, &m) != nil {
		c.fail("", *invalid("Invalid JSON"))
		return
	}
	if m.Cancel {
		c.cancel(m.ContextID)
		return
	}
	settings, wrong := m.settings(c.version)
	if wrong != nil {
		c.fail(m.ContextID, *wrong)
		return
	}
	k, wrong := c.contextOf(ctx, m, settings)
	if wrong == nil {
		wrong = k.take(m, settings)
	}
	if wrong != nil {
		c.fail(m.ContextID, *wrong)
	}
}

// contextOf is the context that a request is for, which begins with its first.
// What counts against a plan is contexts that are active, not sockets. One too many is told by an error with
// concurrency_limited (Cartesia's docs).
func (c *connection) contextOf(ctx context.Context, m message, s settings) (*speechContext, *failure) {
	c.mu.Lock()
	defer c.mu.Unlock()
	id := m.ContextID
	if id == "" {
		c.unnamed++
		id = "unnamed-" + strconv.Itoa(c.unnamed)
	}
	if k := c.contexts[id]; k != nil {
		return k, nil
	}
	if c.quirks.limited {
		select {
		case c.places <- struct{}{}:
		default:
			return nil, &failure{
				status: http.StatusTooManyRequests, code: "concurrency_limited",
				title: "Too many requests", message: "Concurrency limit reached",
			}
		}
	}
	k := newSpeechContext(&c.line, id, s)
	k.forget = func() { c.forget(k) }
	c.contexts[id] = k
	ctx, k.stop = context.WithCancel(ctx)
	c.wg.Go(func() { k.run(ctx) })
	return k, nil
}

// forget ends a context's place. Its id is free.
func (c *connection) forget(k *speechContext) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.contexts[k.id] == k {
		delete(c.contexts, k.id)
	}
	if c.quirks.limited && !k.left {
		<-c.places
	}
	k.left = true
}

// cancel ends a context: what has not begun is dropped.
// The docs confirm no cancel, and do not say what one of no context does.
func (c *connection) cancel(id string) {
	c.server.Note(func(st *engine.Stats) { st.Cancels = append(st.Cancels, engine.Cancel{ID: id, At: time.Now()}) })
	c.mu.Lock()
	k := c.contexts[id]
	c.mu.Unlock()
	switch {
	case k != nil:
		k.cancel()
	case c.quirks.cancelUnknown == "error":
		c.fail(id, *invalid("Context not found"))
	}
}
