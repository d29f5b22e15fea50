package elevenlabs

import (
	"cmp"
	"context"
	"strings"
	"sync"

	"github.com/coder/websocket"

	"voicerelay/upstream/emulator/engine"
)

// connection is one connection. Its reader takes messages, and a goroutine of each context speaks.
type connection struct {
	line

	// Owned by the reader.
	leaving bool // nothing more is taken

	mu       sync.Mutex // guards what follows
	contexts map[string]*speechContext
}

// serve reads until the connection is over.
func (c *connection) serve() {
	defer c.server.Connected()()
	var ctx context.Context
	ctx, c.stop = context.WithCancel(c.server.Context())
	defer c.wg.Wait()
	defer func() { _ = c.socket.CloseNow() }() // frees a writer that is blocked
	defer c.stop()
	for {
		kind, data, err := c.socket.Read(context.Background()) // ends with the socket
		if err != nil {
			return
		}
		if !c.leaving && ctx.Err() == nil {
			c.take(ctx, data, kind == websocket.MessageText)
		}
	}
}

// take applies a message. Only called by the reader.
func (c *connection) take(ctx context.Context, data []byte, isText bool) {
	m, err := c.wire.read(data)
	if err != nil || !isText || len(m.id()) > maxID {
		c.fail(invalid("The message is not valid."), "")
		return
	}
	if wrong := c.admit(m); wrong != nil {
		c.server.Note(func(st *engine.Stats) { st.Refused++ })
		c.fail(wrong, m.id())
		return
	}
	switch {
	case m.CloseSocket:
		c.leave()
	case m.ContextID == nil && m.keepsAlive():
		c.touchAll()
	case m.CloseContext && c.context(m.id()) == nil:
		c.closeUnknown(m.id())
	default:
		c.apply(ctx, m)
	}
}

// admit is what is wrong with the address or with a key that comes in a message, where none came before.
// The address is judged at the first message too: a wrong voice or format is not refused by the upgrade's status.
func (c *connection) admit(m message) *failure {
	if !c.address.proven && c.address.wrong == nil {
		key := cmp.Or(m.Key, m.HeaderKey, strings.TrimPrefix(m.Authorization, "Bearer "))
		switch key {
		case "":
			return named(noKey)
		case c.server.Options().APIKey:
			c.address.proven = true
		default:
			return named(badKey)
		}
	}
	return c.address.wrong
}

// apply does what a message says to its context, which is opened where there is none: by a flush or a keep-alive too.
// A flush to an unknown id opens a context that counts among the five (Pipecat's issue 4126). Settings that differ later close
// the socket: the guide says that they may be overridden, and the reference and the service say that they may not.
func (c *connection) apply(ctx context.Context, m message) {
	k := c.context(m.id())
	opens := k == nil
	var wrong *failure
	switch {
	case opens:
		k, wrong = c.open(ctx, m)
	case m.Settings != nil && *m.Settings != k.settings:
		wrong = named(settings)
	}
	if wrong == nil {
		wrong = k.unsayable(m)
	}
	if wrong == nil {
		wrong = k.take(m, opens)
	}
	if wrong != nil {
		c.fail(wrong, m.id())
	}
}

func (c *connection) context(id string) *speechContext {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.contexts[id]
}

// all are the contexts that are open, or closing.
func (c *connection) all() (all []*speechContext) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, k := range c.contexts {
		all = append(all, k)
	}
	return all
}

// open opens a context and starts its speaker, or says why not.
// The sixth is an error of the whole socket: every other context dies with it (reported on GitHub).
func (c *connection) open(ctx context.Context, m message) (*speechContext, *failure) {
	if len(c.all()) >= maxContexts {
		return nil, named(tooMany)
	}
	k, wrong := newSpeechContext(&c.line, m)
	if wrong != nil {
		return nil, wrong
	}
	k.leave = func() { c.end(k) }
	k.index = c.server.Begin(k.id)
	c.mu.Lock()
	c.contexts[k.id] = k
	c.mu.Unlock()
	c.wg.Go(func() {
		k.speak(ctx)
		if c.address.single && !k.voice.dead {
			c.close(1000) // the socket is its only context's
		}
	})
	return k, nil
}

// end takes a context off the connection, which has room for another from then on.
// A context that is closing counts until then (Pipecat's issue 4126).
func (c *connection) end(k *speechContext) {
	c.mu.Lock()
	delete(c.contexts, k.id)
	c.mu.Unlock()
	c.server.Finish(k.index)
}

// touchAll restarts the time in which the client has to say something, of every context.
// Pipecat sends a keep-alive every 10 s that names no context.
func (c *connection) touchAll() {
	for _, k := range c.all() {
		k.touch()
		c.server.Stream(k.index, func(s *engine.Stream) { s.KeepAlives++ })
	}
}

// closeUnknown is the close of a context that is over, or never was.
func (c *connection) closeUnknown(id string) {
	c.noteClose(id)
	if c.quirks.closeUnknown {
		c.send(c.wire.final(), id)
	}
}

// leave has every context say what it has, and closes after that.
// close_socket flushes and closes with 1000 after the last final frame; Pipecat waits 2 s for that.
func (c *connection) leave() {
	c.leaving = true
	all := c.all()
	for _, k := range all {
		k.end()
	}
	c.wg.Go(func() {
		for _, k := range all {
			<-k.over
		}
		c.close(1000)
	})
}
