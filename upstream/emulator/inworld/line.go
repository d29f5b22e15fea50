package inworld

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/coder/websocket"

	"voicerelay/upstream/emulator/engine"
)

// line is a connection as its contexts see it.
type line struct {
	*emulator
	socket *websocket.Conn
	turns  engine.Turns
	wg     sync.WaitGroup // the contexts, the watch, and the close of a fault
	closed atomic.Bool    // a fault's close is under way, and nothing more is taken

	mu   sync.Mutex // guards what follows
	last time.Time  // when something went in either direction
}

// stir puts the close of an idle socket off.
func (c *line) stir() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.last = time.Now()
}

// send sends a message of a context, whose status is good.
func (c *line) send(id, name string, value engine.Object) {
	c.result(id, failure{}, engine.Object{name: value})
}

// result sends a message of a context.
func (c *line) result(id string, status failure, o engine.Object) {
	o["contextId"], o["status"] = id, status.object()
	c.stir()
	engine.Send(c.socket, engine.Object{"result": o})
}

// failContext sends a status that is no good.
func (c *line) failContext(id string, why failure) { c.result(id, why, make(engine.Object)) }

// fail sends an error of no context.
func (c *line) fail(why failure) {
	c.stir()
	engine.Send(c.socket, engine.Object{"error": why.object()})
}

// close closes the socket. The client may have gone. The docs have no close codes.
func (c *line) close() { _ = c.socket.Close(websocket.StatusCode(c.quirks.closeCode), "") }
