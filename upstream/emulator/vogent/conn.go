package vogent

import (
	"context"
	"encoding/json"
	"slices"
	"sync"
	"time"

	"github.com/coder/websocket"

	"voicerelay/upstream/emulator/engine"
)

// connection is one connection. Its reader takes messages, and a goroutine of each generation speaks.
type connection struct {
	line
	claims *claims // the contexts here

	mu    sync.Mutex             // guards what follows
	open  map[string]*generation // by generationId
	turns map[string]*generation // the last of each contextId
	ended []string               // ids of the last that are over
}

// refuse tells a client with a bad key, and closes.
func (c *connection) refuse() {
	c.server.Note(func(st *engine.Stats) { st.Refused++ })
	if c.quirks.authBy == "error" {
		engine.Send(c.socket, c.errorFrame("", "invalid API key"))
	}
	_ = c.socket.Close(websocket.StatusCode(c.quirks.closeCode), "") // the client may have gone
}

// serve reads until the connection is over.
// There is no greeting: the quickstart sends its text right after the upgrade.
func (c *connection) serve() {
	defer c.server.Connected()()
	defer c.claims.drop()
	ctx, cancel := context.WithCancel(c.server.Context())
	defer c.wg.Wait()
	defer func() { _ = c.socket.CloseNow() }() // frees a writer that is blocked
	defer cancel()
	for {
		kind, data, err := c.socket.Read(context.Background()) // ends with the socket
		if err != nil {
			return
		}
		if !c.closed.Load() {
			c.take(ctx, data, kind == websocket.MessageText)
		}
	}
}

// take applies a message. Only called by the reader.
func (c *connection) take(ctx context.Context, data []byte, isText bool) {
	var m message
	if err := json.Unmarshal(data, &m); err != nil || !isText {
		c.malformed(data)
		return
	}
	g := c.generation(m.GenerationID)
	if m.Cancel {
		c.server.Note(func(st *engine.Stats) {
			st.Cancels = append(st.Cancels, engine.Cancel{ID: m.GenerationID, At: time.Now()})
		})
	}
	fault := c.quirks.fault(m)
	switch {
	case fault != "" && g != nil:
		g.stop(failure(fault))
	case fault != "":
		c.fail(m.GenerationID, fault)
	case m.Cancel && g != nil:
		g.stop(errCanceled)
	case m.Cancel: // of nothing, or of what has ended
	case g != nil:
		g.take(m)
	default:
		c.begin(ctx, m)
	}
}

// malformed answers a message that is none. Where it names its generation, that is what fails.
// No answer to it is documented.
func (c *connection) malformed(data []byte) {
	var named struct {
		ID string `json:"generationId"`
	}
	_ = json.Unmarshal(data, &named) // what there is of it
	id := named.ID
	if len(id) > maxID {
		id = ""
	}
	const text = "invalid message"
	switch g := c.generation(id); {
	case g != nil:
		g.stop(failure(text))
	case id != "" || c.quirks.malformed == "error":
		c.fail(id, text)
	case c.quirks.malformed == "close":
		c.close(c.quirks.closeCode)
	}
}

// generation is an open generation, or nil.
func (c *connection) generation(id string) *generation {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.open[id]
}

// begin opens a generation and starts its speaker, or says why not.
// Several generations may run on a socket at once (API reference); a bound is not documented.
func (c *connection) begin(ctx context.Context, m message) {
	if fault := c.quirks.firstFault(m); fault != "" {
		c.fail(m.GenerationID, fault)
		return
	}
	c.mu.Lock()
	full := len(c.open) >= maxOpen
	used := !c.quirks.reuse && slices.Contains(c.ended, m.GenerationID)
	c.mu.Unlock()
	switch {
	case full:
		c.fail(m.GenerationID, "too many concurrent generations")
		return
	case used:
		c.fail(m.GenerationID, "generationId was used before")
		return
	case m.ContextID != "" && !c.claims.take(m.ContextID):
		c.fail(m.GenerationID, "contextId is on another connection")
		return
	}
	g := newGeneration(&c.line, m)
	ctx, g.stop = context.WithCancelCause(ctx)
	c.mu.Lock()
	c.open[g.id] = g
	if m.ContextID != "" && c.quirks.serial {
		g.before = c.turns[m.ContextID]
		c.turns[m.ContextID] = g
	}
	c.mu.Unlock()
	g.index = c.server.Begin(g.id)
	g.take(m)
	c.wg.Go(func() { c.speak(ctx, g) })
}

// speak has a generation say what the client sends until it is over, and tells how it ended.
func (c *connection) speak(ctx context.Context, g *generation) {
	if g.awaitTurn(ctx) {
		g.sayAll(ctx)
	}
	cause := context.Cause(ctx) // nil: it was spoken to its end
	g.stop(nil)
	c.end(g)
	g.sendEnd(cause)
	c.passTurn(g)
}

// end takes a generation off the connection.
func (c *connection) end(g *generation) {
	c.mu.Lock()
	delete(c.open, g.id)
	c.ended = append(c.ended, g.id)
	c.ended = c.ended[max(0, len(c.ended)-remembered):]
	c.mu.Unlock()
	c.server.Finish(g.index)
}

// passTurn lets the next generation of a context speak, or wait for the one that this one was waiting for.
func (c *connection) passTurn(g *generation) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.turns[g.context] == g {
		delete(c.turns, g.context)
		if g.before != nil && !g.before.passed() {
			c.turns[g.context] = g.before
		}
	}
	close(g.over)
}
