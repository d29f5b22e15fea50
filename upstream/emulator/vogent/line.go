package vogent

import (
	"sync"
	"sync/atomic"

	"github.com/coder/websocket"

	"voicerelay/upstream/emulator/engine"
)

// line is a connection as its generations see it.
type line struct {
	*emulator
	socket *websocket.Conn
	closed atomic.Bool    // a close frame is under way, and nothing more is taken
	wg     sync.WaitGroup // the generations, and the close
}

// errorFrame is an error of a generation, or of none.
// The text is free, and there is no code: clients can't tell a fault of theirs from one of the vendor's.
func (c *line) errorFrame(id, text string) engine.Object {
	o := engine.Object{"type": "error", "generationId": id, "error": text}
	if id == "" && !c.quirks.emptyID {
		delete(o, "generationId")
	}
	return o
}

// fail sends an error, and closes where the vendor does so.
// Whether the socket survives an error is not documented; the quickstart stops reading.
func (c *line) fail(id, text string) {
	engine.Send(c.socket, c.errorFrame(id, text))
	if c.quirks.errorCloses {
		c.close(c.quirks.closeCode)
	}
}

// close sends a close frame. The reader goes on until the client has answered it.
func (c *line) close(code int) {
	if c.closed.Swap(true) {
		return
	}
	c.wg.Go(func() { _ = c.socket.Close(websocket.StatusCode(code), "") }) // the client may have gone
}
