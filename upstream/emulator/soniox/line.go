package soniox

import (
	"context"
	"sync"
	"time"

	"github.com/coder/websocket"

	"voicerelay/upstream/emulator/engine"
)

// line is a connection as its streams see it.
type line struct {
	*emulator
	socket *websocket.Conn
	key    string         // of the upgrade
	wg     sync.WaitGroup // the streams, the watch, and the close of a fault

	mu    sync.Mutex // guards what follows
	heard time.Time  // when the client last said something
}

// stir notes that the client has said something.
func (c *line) stir() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.heard = time.Now()
}

// pinged is the library's callback for a ping, and answers it.
// The docs name the keep-alive message alone.
func (c *line) pinged(context.Context, []byte) bool {
	if c.quirks.pingsCount {
		c.stir()
	}
	return true
}

// send sends a message of a stream.
func (c *line) send(id string, o engine.Object) {
	o["stream_id"] = id
	engine.Send(c.socket, o)
}

// fail sends an error of a stream, or of the connection where it names none.
func (c *line) fail(id string, e failure) {
	o := engine.Object{"error_code": e.code, "error_message": e.message}
	if id != "" {
		o["stream_id"] = id
	}
	engine.Send(c.socket, o)
}

// terminated says that a stream is over.
func (c *line) terminated(id string) { c.send(id, engine.Object{"terminated": true}) }

// refuse refuses a stream that has not begun. As with any error, terminated follows.
func (c *line) refuse(id string, e failure) {
	c.fail(id, e)
	c.terminated(id)
}

// close closes the socket after an error of the connection, or its silence. The client may have gone.
// The docs have no close codes.
func (c *line) close() { _ = c.socket.Close(websocket.StatusCode(c.quirks.closeCode), "") }
