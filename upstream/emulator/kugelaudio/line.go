package kugelaudio

import (
	"context"
	"net/http"
	"sync"

	"github.com/coder/websocket"

	"voicerelay/upstream/emulator/engine"
)

// line is a connection as its contexts see it.
type line struct {
	*emulator
	conn   *websocket.Conn
	cancel context.CancelFunc
	wg     sync.WaitGroup // the contexts' speakers

	// Owned by the reader.
	session settings

	mu      sync.Mutex // guards what follows
	samples int64      // generated on this connection, at the native rate
}

// send writes a frame.
func (c *line) send(o engine.Object) { engine.Send(c.conn, o) }

// read is the next message's bytes; false: the connection is over.
func (c *line) read() ([]byte, bool) {
	_, data, err := c.conn.Read(context.Background())
	return data, err == nil
}

// charge counts audio that was generated on the connection.
func (c *line) charge(samples int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.samples += samples
}

// generated is how many samples have been.
func (c *line) generated() int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.samples
}

// sendError sends an error frame, of a context or (with an empty id) of the session.
// The difference matters to clients: the SDKs take an error without context_id as the session's, fail every context and open a
// new socket; one with a context_id ends only that context. The body has no retry_after: the reference puts that into the
// upgrade's HTTP header alone.
func (c *line) sendError(code, text, id string) {
	known := errorTable()[code]
	if text == "" {
		text = known.text
	}
	o := engine.Object{"error": text, "error_code": code, "code": known.number}
	if c.quirks.errorIDs {
		o["request_id"] = "req-emulated"
	}
	if text == tooLong {
		o["code"] = http.StatusRequestEntityTooLarge
	}
	if id != "" {
		o["context_id"] = id
	}
	c.send(o)
}
