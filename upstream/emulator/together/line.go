package together

import (
	"context"
	"sync"
	"time"

	"github.com/coder/websocket"

	"voicerelay/upstream/emulator/engine"
)

// line is a connection as its contexts see it.
type line struct {
	*emulator
	socket *websocket.Conn
	turns  engine.Turns
	wg     sync.WaitGroup // the contexts, what comes after a cancel, and the close

	mu    sync.Mutex // guards what follows
	items int        // that have begun
	last  time.Time  // when a word went in either direction
}

// stir puts the idle close off.
func (c *line) stir() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.last = time.Now()
}

// pinged is the library's callback for a ping, and answers it.
func (c *line) pinged(context.Context, []byte) bool {
	if c.quirks.pingsCount {
		c.stir()
	}
	return true
}

func (c *line) send(o engine.Object) {
	c.stir()
	engine.Send(c.socket, o)
}
