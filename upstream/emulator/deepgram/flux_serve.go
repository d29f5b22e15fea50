package deepgram

import (
	"context"
	"encoding/json"
	"time"

	"github.com/coder/websocket"

	"voicerelay/upstream/emulator/engine"
)

// maxSession is how long a session of Flux lasts at most (the vendor's docs). By what it is closed then is not said.
const maxSession = time.Hour

// serve reads until the connection is over.
// An idle limit is not documented: one minute and NET-0001 are assumptions, as they are for Aura.
func (c *fluxConnection) serve() {
	defer c.server.Connected()()
	ctx, cancel := context.WithCancel(c.server.Context())
	defer func() {
		cancel()
		_ = c.socket.CloseNow() // frees a writer that is blocked
		c.wg.Wait()
		c.drop()
	}()
	c.send(engine.Object{
		"type": "Connected", "request_id": c.request, "model_name": c.settings.model,
		"model_version": "2026-01-01.0", "model_uuids": []string{"00000000-0000-0000-0000-000000000002"},
	})
	c.wg.Go(func() { c.speak(ctx) })
	life := time.AfterFunc(maxSession, func() { c.close(closeReason{websocket.StatusInternalError, "NET-0004"}) })
	defer life.Stop()
	idle := time.Duration(c.quirks.idle) * time.Second
	if own := c.server.Options().Inactivity; own > 0 && idle > 0 {
		idle = own
	}
	if idle == 0 {
		c.read(func() {})
		return
	}
	expired := time.AfterFunc(idle, func() { c.close(closeReason{websocket.StatusInternalError, "NET-0001"}) })
	defer expired.Stop()
	c.read(func() { expired.Reset(idle) })
}

// read takes messages, each of which stirs the connection. What is wrong is told by an Error, after which the connection may
// go on.
func (c *fluxConnection) read(stir func()) {
	for {
		kind, data, err := c.socket.Read(context.Background()) // ends with the socket
		if err != nil {
			return
		}
		stir()
		var m fluxMessage
		wrong, ok := unparsable(), false
		if kind == websocket.MessageText && json.Unmarshal(data, &m) == nil {
			wrong, ok = c.take(m)
		}
		if !ok {
			c.fail(wrong, "The message is not valid")
		}
	}
}

// take does what a message asks for, or says what is wrong with it.
func (c *fluxConnection) take(m fluxMessage) (wrong closeReason, ok bool) {
	switch m.Type {
	case "Speak":
		return c.append(m.Text)
	case "Flush":
		c.flush()
	case "Interrupt":
		c.interrupt(m.Offset)
	case "Configure":
		c.configure(m.Speed)
	case "Close":
		c.leave()
	default:
		return unparsable(), false
	}
	return wrong, true
}

// fluxMessage is any message from a client.
type fluxMessage struct {
	Type   string          `json:"type"`
	Text   *string         `json:"text"`
	Offset *playbackOffset `json:"playback_offset"` // of Interrupt
	Speed  *float64        `json:"speed"`           // of Configure
}
