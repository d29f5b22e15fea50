package elevenlabs

import (
	"cmp"
	"context"
	"encoding/json"
	"strings"
	"time"

	"voicerelay/upstream/emulator/engine"
)

// message is any message from a client. Unknown fields are ignored; null is the same as missing.
// The key may come in the first message for those that can't set headers: the schema writes xi-api-key and authorization, its
// examples xi_api_key.
type message struct {
	Text         *string     `json:"text"`
	ContextID    *string     `json:"context_id"`
	Flush        bool        `json:"flush"`
	CloseContext bool        `json:"close_context"`
	CloseSocket  bool        `json:"close_socket"`
	Settings     *setting    `json:"voice_settings"`
	Generation   *generation `json:"generation_config"` // of a context's first message

	// The key, in any of its spellings.
	Key           string `json:"xi_api_key"`
	HeaderKey     string `json:"xi-api-key"`
	Authorization string `json:"authorization"`
}

// setting is what sounds different. What is missing has its default.
// The defaults and the range of speed are the schema's. A client that leaves a field out in one message, and says its default
// in another, has not changed anything.
type setting struct {
	Stability  float64 `json:"stability"`        // 0 to 1
	Similarity float64 `json:"similarity_boost"` // 0 to 1
	Style      float64 `json:"style"`            // 0 to 1
	Boost      bool    `json:"use_speaker_boost"`
	Speed      float64 `json:"speed"` // 0.7 to 1.2
}

// UnmarshalJSON implements json.Unmarshaler: it puts the defaults under what is said.
func (s *setting) UnmarshalJSON(data []byte) error {
	type plain setting
	p := plain(usual())
	err := json.Unmarshal(data, &p)
	*s = setting(p)
	return err
}

// usual are the settings of a context that is given none.
func usual() setting {
	return setting{Stability: 0.5, Similarity: 0.75, Boost: true, Speed: 1}
}

// speed is how fast a context speaks, or what is wrong with its settings.
func (q quirks) speed(s setting) (speed float64, wrong *failure) {
	const slowest, fastest = 0.7, 1.2
	speed = min(max(s.Speed, slowest), fastest)
	inRange := speed == s.Speed
	for _, share := range []float64{s.Stability, s.Similarity, s.Style} {
		inRange = inRange && share >= 0 && share <= 1
	}
	if !inRange && !q.clamps {
		return 0, invalid("voice_settings are out of range.")
	}
	return speed, nil
}

type generation struct {
	Schedule []int `json:"chunk_length_schedule"` // characters
}

// schedule is when a context's text is spoken, or what is wrong with what it asks for.
// The default and the bounds are the schema's, in characters; the last number repeats.
func (m message) schedule() (schedule []int, wrong *failure) {
	const least, most = 50, 500
	if m.Generation == nil || len(m.Generation.Schedule) == 0 {
		return []int{120, 160, 250, 290}, nil
	}
	for _, n := range m.Generation.Schedule {
		if n < least || n > most {
			return nil, invalid("chunk_length_schedule must have numbers between 50 and 500.")
		}
	}
	return m.Generation.Schedule, nil
}

// id is the context that the message is for.
func (m message) id() string {
	if m.ContextID == nil {
		return defaultContext
	}
	return *m.ContextID
}

// keepsAlive reports whether the message only says that the client is still there.
// An empty text is the keep-alive on this socket, and the end of input on the one of a single context.
func (m message) keepsAlive() bool {
	return m.Text != nil && *m.Text == "" && !m.Flush && !m.CloseContext
}

// take applies a message. Only called by the reader.
func (c *connection) take(ctx context.Context, data []byte, isText bool) {
	var m message
	if err := json.Unmarshal(data, &m); err != nil || !isText || len(m.id()) > maxID {
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
	k, wrong := newSpeechContext(c, m)
	if wrong != nil {
		return nil, wrong
	}
	k.index = c.server.Begin(k.id)
	c.mu.Lock()
	c.contexts[k.id] = k
	c.mu.Unlock()
	c.wg.Go(func() { k.speak(ctx) })
	return k, nil
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
		engine.Send(c.socket, c.quirks.final(id))
	}
}

func (c *connection) noteClose(id string) {
	c.server.Note(func(st *engine.Stats) { st.Cancels = append(st.Cancels, engine.Cancel{ID: id, At: time.Now()}) })
}

// leave has every context say what it has, and closes after that.
// close_socket flushes and closes with 1000 after the last final frame; Pipecat waits 2 s for that.
func (c *connection) leave() {
	c.leaving = true
	all := c.all()
	for _, k := range all {
		k.flush()
		k.close()
	}
	c.wg.Go(func() {
		for _, k := range all {
			<-k.over
		}
		c.close(1000)
	})
}
