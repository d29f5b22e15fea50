package kugelaudio

import (
	"context"
	"encoding/json"
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
	k := newSpeechContext(&c.line, id, f)
	k.leave = func() { c.remove(k) }
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
	seconds := float64(c.generated()) / engine.NativeRate
	c.send(engine.Object{"session_closed": true, "total_audio_seconds": seconds})
	_ = c.conn.Close(websocket.StatusNormalClosure, "") // the client may have gone
}
