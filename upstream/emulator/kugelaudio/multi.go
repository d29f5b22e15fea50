package kugelaudio

import (
	"context"
	"encoding/json"
	"maps"
	"time"

	"github.com/coder/websocket"

	"voicerelay/upstream/emulator/engine"
)

// multi serves /ws/tts/multi: many contexts on one connection.
func (c *connection) multi(ctx context.Context) {
	defer c.stopAll()
	for {
		data, ok := c.read()
		if !ok {
			return
		}
		var f frame
		settings := c.session.clone() // contexts go on with theirs
		if json.Unmarshal(data, &f) != nil || json.Unmarshal(data, &settings) != nil {
			c.refuse(contextIn(data), "Invalid request")
			continue
		}
		if f.CloseSocket {
			c.closeSocket()
			return
		}
		c.apply(ctx, f, settings)
	}
}

func (c *connection) apply(ctx context.Context, f frame, settings settings) {
	id := ""
	if f.ContextID != nil {
		id = *f.ContextID
	}
	if fault := settings.fault(); fault != "" {
		c.refuse(id, fault)
		return
	}
	c.session = settings
	switch {
	// On this path a change is not confirmed: settings_updated is documented for /ws/tts/stream.
	case f.Update != nil:
		if _, fault := c.update(f.Update); fault != "" {
			c.sendError("VALIDATION_ERROR", fault, id)
		}
	case f.Cancel:
		c.cancelContexts(id)
	case id == "":
		// The prepare hint changes the session, and has no effect of its own: LiveKit's plugin for Python sends voice_id and
		// model_id with an empty text and no context_id first, and expects no answer.
	case f.CloseContext:
		c.closeContext(id, f.Immediate)
	default:
		c.text(ctx, id, f)
	}
}

// refuse answers a frame that is no good: an error with a context_id ends that context, one without is the session's.
func (c *connection) refuse(id, fault string) {
	if k := c.context(id); k != nil {
		k.fail("VALIDATION_ERROR", fault)
		return
	}
	c.sendError("VALIDATION_ERROR", fault, id)
}

// contextIn is the context_id of a frame whose other fields make no sense.
func contextIn(data []byte) string {
	var f struct {
		ContextID string `json:"context_id"`
	}
	_ = json.Unmarshal(data, &f) // what there is of it
	return f.ContextID
}

// text is a frame that creates a context, adds to it, flushes it or keeps it alive.
func (c *connection) text(ctx context.Context, id string, f frame) {
	k := c.context(id)
	if k == nil {
		// The reference: a single space creates a context, an empty text does not.
		if f.Text == nil || *f.Text == "" {
			return // an empty text only keeps a context alive, so it creates none
		}
		if k = c.create(ctx, id, f); k == nil {
			return
		}
	}
	k.touch()
	if f.Text != nil {
		k.take(*f.Text)
	}
	if f.Flush {
		k.flush()
	}
}

func (c *connection) context(id string) *speechContext {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.contexts[id]
}

// create opens a context and starts its speaker, or sends why not.
// An error with a context_id ends only that context, so the 21st leaves the others alone.
func (c *connection) create(ctx context.Context, id string, f frame) *speechContext {
	c.mu.Lock()
	full := len(c.contexts) >= maxContexts
	c.mu.Unlock()
	if full {
		c.sendError("TOO_MANY_CONTEXTS", "", id)
		return nil
	}
	k := newSpeechContext(c, id, f)
	c.mu.Lock()
	c.contexts[id] = k
	c.mu.Unlock()
	k.index = c.server.Begin(id)
	c.send(engine.Object{"context_created": true, "context_id": id})
	ctx, k.stop = context.WithCancel(ctx)
	c.wg.Go(func() { k.speak(ctx) })
	return k
}

// closeContext closes a context: after what is queued, or at once.
// A graceful close drains all sentences that are queued. "immediate" is the barge-in: what is queued is lost, and the charge
// goes up to what has been generated (KugelAudio's docs, Barge-in). That the close
// of an unknown id has no answer is an assumption.
func (c *connection) closeContext(id string, immediate bool) {
	k := c.context(id)
	if k == nil {
		return
	}
	if immediate {
		c.server.Note(func(st *engine.Stats) { st.Cancels = append(st.Cancels, engine.Cancel{ID: id, At: time.Now()}) })
		k.halt(stopImmediate)
		return
	}
	k.flushInto()
	k.push(job{kind: jobClose})
}

// cancelContexts is the barge-in of one context, or of all.
// Without an id it means every context that still accepts input. It waits for each speaker, so that interrupted is the last
// frame that can come of them: the SDKs' acknowledgment timers end with it. Whether it names the context is not documented.
func (c *connection) cancelContexts(id string) {
	c.server.Note(func(st *engine.Stats) { st.Cancels = append(st.Cancels, engine.Cancel{ID: id, At: time.Now()}) })
	for _, k := range c.all() {
		if (id == "" && !k.draining()) || k.id == id {
			k.halt(stopCancel)
			<-k.over
		}
	}
	o := engine.Object{"interrupted": true}
	if id != "" && c.quirks.interruptedNames {
		o["context_id"] = id
	}
	c.send(o)
}

func (c *connection) all() []*speechContext {
	c.mu.Lock()
	defer c.mu.Unlock()
	var all []*speechContext
	for _, k := range c.contexts {
		all = append(all, k)
	}
	return all
}

// remove takes a context off the connection.
func (c *connection) remove(k *speechContext) {
	c.mu.Lock()
	maps.DeleteFunc(c.contexts, func(_ string, other *speechContext) bool { return other == k })
	c.mu.Unlock()
	c.server.Finish(k.index)
}

func (c *connection) stopAll() {
	for _, k := range c.all() {
		k.halt(stopGone)
	}
}

// closeSocket ends the session at the client's wish. It is the polite end: contexts finish first. session_closed of this path
// has no context_id and no usage, since every context_closed has had its own.
func (c *connection) closeSocket() {
	for _, k := range c.all() {
		k.flushInto()
		k.push(job{kind: jobClose})
		select {
		case <-k.over:
		case <-time.After(closeWait): // a context that a fault holds up must not hold up the close
			k.halt(stopGone)
		}
	}
	c.mu.Lock()
	seconds := float64(c.samples) / engine.NativeRate
	c.mu.Unlock()
	c.send(engine.Object{"session_closed": true, "total_audio_seconds": seconds})
	_ = c.conn.Close(websocket.StatusNormalClosure, "") // the client may have gone
}
