package soniox

import (
	"context"
	"encoding/json"
	"time"
	"unicode/utf8"

	"github.com/coder/websocket"

	"voicerelay/upstream/emulator/engine"
)

// connection is one connection. Its reader takes messages, and a goroutine of each stream speaks.
type connection struct {
	line

	streams map[string]*stream // that are live, by id; guarded by the line's mu
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
		if wrong := c.take(ctx, data, kind == websocket.MessageText); wrong != nil {
			c.fail("", *wrong)
			c.close()
			return
		}
	}
}

// watch closes the socket once the client has said nothing for too long, and no stream is live.
// A keep-alive is to come every 20 to 30 s (docs); third parties have seen sockets without one end after about three minutes.
func (c *connection) watch(ctx context.Context) {
	left := silence
	for engine.Pause(ctx, left) {
		c.mu.Lock()
		left = time.Until(c.heard.Add(silence))
		if left <= 0 && len(c.streams) > 0 {
			left = time.Second // what still speaks is let finish
		}
		c.mu.Unlock()
		if left <= 0 {
			c.close()
			return
		}
	}
}

// take does what a message asks for, or says why that is the end of the connection.
func (c *connection) take(ctx context.Context, data []byte, isText bool) *failure {
	var m message
	switch {
	case !isText || json.Unmarshal(data, &m) != nil:
		return invalid("Invalid JSON.")
	case m.KeepAlive:
		return nil
	case m.StreamID == "" || utf8.RuneCountInString(m.StreamID) > maxID:
		return invalid("stream_id must have 1 to 256 characters.")
	case m.Cancel:
		c.cancel(m.StreamID)
		return nil
	case m.Text != nil || m.TextEnd:
		c.append(m)
		return nil
	}
	return c.open(ctx, m)
}

// open begins a stream. A good one is not answered.
func (c *connection) open(ctx context.Context, m message) *failure {
	shown := c.key
	if shown == "" {
		shown = m.APIKey
	}
	if !c.goodKey(shown) {
		c.server.Note(func(st *engine.Stats) { st.Refused++ })
		if c.quirks.keyErrorsAll {
			return badKey()
		}
		c.refuse(m.StreamID, *badKey())
		return nil
	}
	settings, wrong := m.settings(c.quirks)
	if live := c.live(m.StreamID); live != nil {
		live.fail(*invalid("stream_id is in use.")) // whose error that is, nobody could tell apart
		return nil
	}
	if wrong == nil {
		wrong = c.begin(ctx, m.StreamID, settings)
	}
	if wrong != nil {
		c.refuse(m.StreamID, *wrong)
	}
	return nil
}

// begin enters a stream and starts its speaker, or says why not.
func (c *connection) begin(ctx context.Context, id string, s settings) *failure {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.streams) >= maxStreams {
		return limited("Too many streams on this connection")
	}
	if tooMany := c.enterStream(time.Now()); tooMany != nil {
		return tooMany
	}
	k := newStream(&c.line, id, s)
	k.leave = func() { c.forget(k) }
	c.streams[id] = k
	ctx, k.stop = context.WithCancel(ctx)
	c.wg.Go(func() { k.run(ctx) })
	return nil
}

// forget frees a stream's place and id, once.
func (c *connection) forget(k *stream) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.streams[k.id] != k {
		return
	}
	delete(c.streams, k.id)
	c.leaveStream()
	c.server.Finish(k.index)
}

func (c *connection) live(id string) *stream {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.streams[id]
}

// append gives a stream text, or the end of it.
func (c *connection) append(m message) {
	k := c.live(m.StreamID)
	switch {
	case k != nil:
		k.take(m)
	case c.quirks.unknownAnswer == "error":
		c.fail(m.StreamID, failure{404, "Stream not found."})
	}
}

// cancel stops a stream.
func (c *connection) cancel(id string) {
	c.server.Note(func(st *engine.Stats) { st.Cancels = append(st.Cancels, engine.Cancel{ID: id, At: time.Now()}) })
	k := c.live(id)
	switch {
	case k != nil:
		k.cancel()
	case c.quirks.unknownAnswer == "error":
		c.fail(id, failure{404, "Stream not found."})
	case c.quirks.unknownAnswer == "terminated":
		c.terminated(id)
	}
}
