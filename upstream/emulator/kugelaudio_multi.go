package emulator

import (
	"context"
	"encoding/json"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/coder/websocket"
)

// multi serves /ws/tts/multi: many contexts on one connection.
func (c *kugelConn) multi(ctx context.Context) {
	defer c.stopAll()
	for {
		data, ok := c.read()
		if !ok {
			return
		}
		var f kugelFrame
		settings := c.session.clone() // contexts go on with theirs
		if json.Unmarshal(data, &f) != nil || json.Unmarshal(data, &settings) != nil {
			c.sendError("VALIDATION_ERROR", "Invalid JSON", "")
			continue
		}
		if f.CloseSocket {
			c.closeSocket()
			return
		}
		c.apply(ctx, f, settings)
	}
}

func (c *kugelConn) apply(ctx context.Context, f kugelFrame, settings kugelSettings) {
	id := ""
	if f.ContextID != nil {
		id = *f.ContextID
	}
	if fault := settings.fault(); fault != "" {
		c.sendError("VALIDATION_ERROR", fault, id)
		return
	}
	c.session = settings
	switch {
	case f.Cancel:
		c.cancelContexts(id)
	case id == "":
		// update_settings and the prepare hint change the session, and have no effect of their own here
	case f.CloseContext:
		c.closeContext(id, f.Immediate)
	default:
		c.text(ctx, id, f)
	}
}

// text is a frame that creates a context, adds to it, flushes it or keeps it alive.
func (c *kugelConn) text(ctx context.Context, id string, f kugelFrame) {
	k := c.context(id)
	if k == nil {
		if f.Text == nil || *f.Text == "" {
			return // the empty text creates nothing
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

func (c *kugelConn) context(id string) *kugelContext {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.contexts[id]
}

// create opens a context and starts its speaker, or sends why not.
func (c *kugelConn) create(ctx context.Context, id string, f kugelFrame) *kugelContext {
	c.mu.Lock()
	full := len(c.contexts) >= kugelMaxContexts
	c.mu.Unlock()
	if full {
		c.sendError("TOO_MANY_CONTEXTS", "", id)
		return nil
	}
	k := newKugelContext(c, id, f)
	c.mu.Lock()
	c.contexts[id] = k
	c.mu.Unlock()
	k.index = c.server.begin(id)
	c.send(object{"context_created": true, "context_id": id})
	ctx, k.stop = context.WithCancel(ctx)
	c.wg.Go(func() { k.speak(ctx) })
	return k
}

// closeContext closes a context: after what is queued, or at once.
func (c *kugelConn) closeContext(id string, immediate bool) {
	k := c.context(id)
	if k == nil {
		return
	}
	if immediate {
		c.server.note(func(st *Stats) { st.Cancels = append(st.Cancels, Cancel{ID: id, At: time.Now()}) })
		k.halt(stopImmediate)
		return
	}
	k.flushInto()
	k.push(kugelJob{kind: jobClose})
}

// cancelContexts is the barge-in of one context, or of all.
func (c *kugelConn) cancelContexts(id string) {
	c.server.note(func(st *Stats) { st.Cancels = append(st.Cancels, Cancel{ID: id, At: time.Now()}) })
	for _, k := range c.all() {
		if id == "" || k.id == id {
			k.halt(stopCancel)
			<-k.over
		}
	}
	o := object{"interrupted": true}
	if id != "" && c.quirks.interruptedNames {
		o["context_id"] = id
	}
	c.send(o)
}

func (c *kugelConn) all() []*kugelContext {
	c.mu.Lock()
	defer c.mu.Unlock()
	var all []*kugelContext
	for _, k := range c.contexts {
		all = append(all, k)
	}
	return all
}

// remove takes a context off the connection.
func (c *kugelConn) remove(k *kugelContext) {
	c.mu.Lock()
	delete(c.contexts, k.id)
	c.mu.Unlock()
	c.server.finish(k.index)
}

func (c *kugelConn) stopAll() {
	for _, k := range c.all() {
		k.halt(stopGone)
	}
}

func (c *kugelConn) closeSocket() {
	for _, k := range c.all() {
		k.flushInto()
		k.push(kugelJob{kind: jobClose})
		select {
		case <-k.over:
		case <-time.After(kugelCloseWait): // a context that a fault holds up
			k.halt(stopGone)
		}
	}
	seconds := 0.0
	for _, s := range c.server.Stats().Streams {
		seconds += s.Audio.Seconds()
	}
	c.send(object{"session_closed": true, "total_audio_seconds": seconds})
	_ = c.conn.Close(websocket.StatusNormalClosure, "") // the client may have gone
}

// take adds text to the context's buffer. Whole sentences are spoken without a flush.
func (k *kugelContext) take(text string) {
	if text == "" {
		k.conn.server.stream(k.index, func(s *Stream) { s.KeepAlives++ })
		return
	}
	if strings.TrimSpace(text) != "" && k.voice == nil {
		k.fail("MISSING_VOICE_ID", "")
		return
	}
	if utf8.RuneCountInString(k.buffer+text) > kugelMaxText {
		k.fail("VALIDATION_ERROR", "text is too long")
		return
	}
	k.conn.server.stream(k.index, func(s *Stream) { s.Texts = append(s.Texts, text) })
	k.buffer += text
	for {
		sentence, rest := firstSentence(k.buffer)
		if sentence == "" {
			return
		}
		k.buffer = rest
		k.push(kugelJob{kind: jobSay, text: strings.TrimSpace(sentence)})
	}
}

// flush speaks what is buffered, and marks the end of it.
func (k *kugelContext) flush() {
	k.conn.server.stream(k.index, func(s *Stream) { s.Flushes++ })
	k.flushInto()
	k.push(kugelJob{kind: jobFinal})
}

func (k *kugelContext) flushInto() {
	if text := strings.TrimSpace(k.buffer); text != "" {
		k.push(kugelJob{kind: jobSay, text: text})
	}
	k.buffer = ""
}

// firstSentence cuts the first sentence off whose end is sure: white space follows it, and no <spell> is open.
func firstSentence(text string) (sentence, rest string) {
	for i, r := range text {
		if !strings.ContainsRune(".!?", r) {
			continue
		}
		end := i + 1
		if end < len(text) && (text[end] == ' ' || text[end] == '\n') &&
			strings.Count(text[:end], "<spell>") == strings.Count(text[:end], "</spell>") {
			return text[:end], text[end:]
		}
	}
	return "", text
}
