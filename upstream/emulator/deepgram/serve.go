package deepgram

import (
	"context"
	"encoding/json"
	"time"

	"github.com/coder/websocket"
)

// serve reads until the connection is over.
// Metadata is the first message by the docs. Whether it comes with the socket or with the first audio is not said, and clients
// must not wait for it. Nor is an idle limit: one minute and NET-0001 are assumptions.
func (c *connection) serve() {
	defer c.server.Connected()()
	ctx, cancel := context.WithCancel(c.server.Context())
	defer func() {
		cancel()
		_ = c.socket.CloseNow() // frees a writer that is blocked
		c.wg.Wait()
		c.drop()
	}()
	if c.quirks.metadata == "connect" {
		c.sendMetadata()
	}
	c.wg.Go(func() { c.speak(ctx) })
	idle := time.Duration(c.quirks.idle) * time.Second
	if own := c.server.Options().Inactivity; own > 0 && idle > 0 {
		idle = own
	}
	if idle > 0 {
		expired := time.AfterFunc(idle, func() { c.close(closeReason{websocket.StatusInternalError, "NET-0001"}) })
		defer expired.Stop()
		c.read(func() { expired.Reset(idle) })
		return
	}
	c.read(func() {})
}

// read takes messages, each of which stirs the connection.
func (c *connection) read(stir func()) {
	for {
		kind, data, err := c.socket.Read(context.Background()) // ends with the socket
		if err != nil {
			return
		}
		stir()
		var m message
		if kind != websocket.MessageText || json.Unmarshal(data, &m) != nil {
			c.close(unparsable())
			return
		}
		if wrong, ok := c.take(m); !ok {
			c.close(wrong)
			return
		}
	}
}

// take does what a message asks for, or says why the connection ends.
// There is no message for a turn: what is spoken up to a Flush is one.
func (c *connection) take(m message) (wrong closeReason, ok bool) {
	switch m.Type {
	case "Speak":
		return c.append(m.Text)
	case "Flush":
		if c.mayFlush(time.Now()) {
			c.flush(thenFlushed)
		}
	case "Clear":
		c.clear()
	case "Close":
		c.flush(thenClose)
	default:
		return unparsable(), false
	}
	return wrong, true
}

// message is any message from a client.
type message struct {
	Type string  `json:"type"`
	Text *string `json:"text"`
}
