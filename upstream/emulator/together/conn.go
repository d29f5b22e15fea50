package together

import (
	"context"
	"encoding/json"
	"fmt"
	"time"
	"unicode/utf8"

	"github.com/coder/websocket"

	"voicerelay/upstream/emulator/engine"
)

// defaultContext is the context of messages that name none.
// The name is the guide's.
const defaultContext = "default"

// connection is one connection. Its reader takes messages, and a goroutine of each context speaks.
type connection struct {
	line

	// Owned by the reader.
	settings settings // of contexts to come
	contexts map[string]*speechContext
}

// message is any message from a client. Unknown fields are ignored.
// tts_session.updated is the client's, though its name is that of an event.
type message struct {
	Type      string  `json:"type"`
	Text      *string `json:"text"`
	ContextID string  `json:"context_id"`
	Session   *update `json:"session"`
}

// serve reads until the connection is over.
func (c *connection) serve() {
	defer c.server.Connected()()
	ctx, cancel := context.WithCancel(c.server.Context())
	defer c.leave()
	defer cancel()
	c.stir()
	if idle := c.idle(); idle > 0 {
		c.wg.Go(func() { c.watch(ctx, idle) })
	}
	c.created()
	for {
		_, data, err := c.socket.Read(context.Background()) // ends with the socket
		if err != nil {
			return
		}
		c.stir()
		c.take(ctx, data)
	}
}

// created is the first message of a session.
// Its fields are those of the API reference. A client need not wait for it: Pipecat sends right after the upgrade.
func (c *connection) created() {
	n := c.sessions.Add(1)
	c.send(engine.Object{
		"type": "session.created", "event_id": fmt.Sprintf("event_%d", n),
		"session": engine.Object{
			"id": fmt.Sprintf("session_%d", n), "object": "realtime.tts.session",
			"modalities": []string{"text", "audio"}, "model": c.settings.model, "voice": c.settings.voice,
		},
	})
}

// leave waits for everything that the connection has begun. Its context is over.
func (c *connection) leave() {
	_ = c.socket.CloseNow() // frees a writer that is blocked
	c.wg.Wait()
	for _, k := range c.contexts {
		k.drop()
	}
}

// watch closes the socket once it has been quiet for too long.
// No idle limit is documented. Clients ping every 15 s, or throw away sockets after 30 s, so there may be one.
func (c *connection) watch(ctx context.Context, idle time.Duration) {
	left := idle
	for engine.Pause(ctx, left) {
		c.mu.Lock()
		left = time.Until(c.last.Add(idle))
		c.mu.Unlock()
		if left <= 0 {
			_ = c.socket.Close(websocket.StatusCode(c.quirks.idleCode), "") // the client may have gone
			return
		}
	}
}

// take does what a message asks for.
// There is no message that ends a context or the session, and commit stands for the flush and for the end of input alike.
func (c *connection) take(ctx context.Context, data []byte) {
	var m message
	if json.Unmarshal(data, &m) != nil || len(m.ContextID) > maxID {
		c.send(c.quirks.misuse("Invalid message"))
		return
	}
	switch m.Type {
	case "input_text_buffer.append":
		c.append(ctx, m)
	case "input_text_buffer.commit":
		if k := c.contextOf(ctx, m); k != nil {
			k.commit()
		}
	case "input_text_buffer.clear":
		if k := c.contextOf(ctx, m); k != nil {
			k.clear()
		}
	case "tts_session.updated":
		c.update(ctx, m)
	case "context.cancel":
		c.cancel(ctx, m.ContextID)
	default:
		if !c.quirks.ignoresUnknown {
			c.send(c.quirks.misuse("Unknown message type"))
		}
	}
}

// append takes a text. Each is acknowledged by its own text, without an item_id (API reference). What answers too much text is
// not documented.
func (c *connection) append(ctx context.Context, m message) {
	if m.Text == nil {
		c.send(c.quirks.misuse("text is required"))
		return
	}
	k := c.contextOf(ctx, m)
	if k == nil {
		return
	}
	if k.waiting()+utf8.RuneCountInString(*m.Text) > maxWaiting {
		c.send(k.named(c.quirks.unnamed("invalid_text", "Too much text is waiting")))
		return
	}
	ack := engine.Object{"type": "conversation.item.input_text.received", "text": *m.Text}
	if c.quirks.echoAck {
		ack = k.named(ack)
	}
	c.send(ack)
	k.append(*m.Text)
}

// update changes the settings of a context, or of all and of those to come. It holds for what is put in after it.
// Without a context_id it is for all contexts (guide).
func (c *connection) update(ctx context.Context, m message) {
	if m.Session == nil {
		c.send(c.quirks.misuse("session is required"))
		return
	}
	if m.ContextID == "" {
		settings, refusal := c.changed(c.settings, *m.Session)
		if refusal != nil {
			c.send(refusal)
			return
		}
		c.updateAll(settings, *m.Session)
		c.updated(settings)
		return
	}
	k := c.contextOf(ctx, m)
	if k == nil {
		return
	}
	settings, refusal := c.changed(k.settings, *m.Session)
	if refusal != nil {
		c.send(k.named(refusal))
		return
	}
	k.settings = settings
	c.updated(settings)
}

// changed is settings with what a client sets, or the refusal of it.
func (c *connection) changed(s settings, u update) (settings, engine.Object) {
	s, err := s.with(u)
	switch {
	case err != nil:
		return s, c.quirks.unnamed("invalid_request", err.Error())
	case !c.quirks.available(s.model):
		return s, failure("model_not_available", "")
	}
	return s, nil
}

// updated confirms a change of settings, where that is drawn. session.updated is known from Pipecat alone, which expects it.
func (c *connection) updated(s settings) {
	if c.quirks.updatedSent {
		c.send(engine.Object{"type": "session.updated", "session": engine.Object{"voice": s.voice, "model": s.model}})
	}
}

// updateAll changes what is set and leaves each context what it has of its own beside it.
func (c *connection) updateAll(settings settings, u update) {
	c.settings = settings
	for _, k := range c.contexts {
		if own, err := k.settings.with(u); err == nil {
			k.settings = own
		}
	}
}

// contextOf is the context that a message is for, which begins with its first use. It is nil where there is no room.
// The guide's examples of audio events have no context_id, while clients that use contexts filter by it: so it is drawn whose
// are named.
func (c *connection) contextOf(ctx context.Context, m message) *speechContext {
	id := m.ContextID
	if id == "" {
		id = defaultContext
	}
	if k := c.contexts[id]; k != nil {
		return k
	}
	named := c.quirks.echo == "all" || (c.quirks.echo == "named" && m.ContextID != "")
	if len(c.contexts) >= maxContexts && !c.makeRoom() {
		c.overflow(id, named)
		return nil
	}
	k := newSpeechContext(&c.line, id, named, c.settings)
	c.contexts[id] = k
	ctx, k.stop = context.WithCancel(ctx)
	c.wg.Go(func() { k.speak(ctx) })
	return k
}

// makeRoom ends the contexts that have spoken and have nothing left, where the vendor does so. One that is used again
// is a new one, with the settings of the connection.
// The guide says 100 contexts a connection, and not whether a context that is done counts among them.
func (c *connection) makeRoom() bool {
	if !c.quirks.contextsFreed {
		return false
	}
	for id, k := range c.contexts {
		if k.spent() {
			k.halt()
			delete(c.contexts, id)
		}
	}
	return len(c.contexts) < maxContexts
}

// overflow refuses one context too many. The documentation does not say how that is done.
func (c *connection) overflow(id string, named bool) {
	if c.quirks.overflowEvent {
		c.send(c.quirks.misuse("Too many contexts"))
		return
	}
	o := c.quirks.unnamed("too_many_contexts", "")
	if named {
		o["context_id"] = id
	}
	c.send(o)
}

// cancel ends a context at once. What was under way still comes, after the confirmation.
func (c *connection) cancel(ctx context.Context, id string) {
	if id == "" {
		c.send(c.quirks.misuse("context_id is required"))
		return
	}
	c.server.Note(func(st *engine.Stats) { st.Cancels = append(st.Cancels, engine.Cancel{ID: id, At: time.Now()}) })
	k := c.contexts[id]
	if k == nil && !c.quirks.cancelUnknown {
		return
	}
	if k != nil {
		k.halt()
		delete(c.contexts, id)
	}
	c.send(engine.Object{"type": "context.cancelled", "context_id": id})
	if k != nil {
		c.wg.Go(func() { k.sendLate(ctx) })
	}
}
