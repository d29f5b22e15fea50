package kugelaudio

import (
	"encoding/json"
	"maps"
	"slices"
	"sync"
	"time"

	"voicerelay/upstream/emulator/engine"
)

// connection is one connection.
type connection struct {
	line

	mu       sync.Mutex // guards what follows
	contexts map[string]*speechContext
	turns    int // of /ws/tts/stream, which have no ids
}

func (c *connection) context(id string) *speechContext {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.contexts[id]
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

// update changes the settings that may change in the middle of a connection, for what begins from then on.
// Voice, model and format change by an ordinary message only. A refused change is an error frame, and the
// socket stays open (KugelAudio's docs, Stream input).
func (c *connection) update(raw json.RawMessage) (echo engine.Object, fault string) {
	var fields map[string]json.RawMessage
	if json.Unmarshal(raw, &fields) != nil {
		return nil, "update_settings must be an object"
	}
	changeable := []string{"cfg_scale", "temperature", "max_new_tokens", "language", "normalize", "speed"}
	for name := range fields {
		if !slices.Contains(changeable, name) {
			return nil, name + " can't be updated"
		}
	}
	settings := c.session.clone()
	if json.Unmarshal(raw, &settings) != nil {
		return nil, "Invalid request"
	}
	if fault := settings.fault(); fault != "" {
		return nil, fault
	}
	c.session = settings
	return engine.Object{
		"cfg_scale": settings.CfgScale, "temperature": settings.Temperature, "max_new_tokens": settings.MaxNewTokens,
		"language": orNull(settings.Language), "normalize": settings.normalizes(), "speed": settings.speed(),
	}, ""
}

// orNull is how the vendor echoes a setting that may be left out: null where it was.
func orNull(s string) any {
	if s == "" {
		return nil
	}
	return s
}
