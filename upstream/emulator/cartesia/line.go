package cartesia

import (
	"sync"

	"github.com/coder/websocket"

	"voicerelay/upstream/emulator/engine"
)

// line is a connection as its contexts see it.
type line struct {
	*emulator
	socket  *websocket.Conn
	version string
	wg      sync.WaitGroup // the contexts, and the close of a fault
	turns   engine.Turns
}

// fail sends an error of a context, or of the connection where it names none.
// From 2026-03-01 on an error is an object with title, message, error_code and request_id; before that it is one text. Whether
// the old kind has done is not documented. It matters: LiveKit's plugin for Python takes done for a good end.
func (c *line) fail(id string, e failure) {
	o := engine.Object{"type": "error", "status_code": e.status}
	if c.version >= structuredErrors {
		o["done"] = true
		o["title"], o["message"], o["error_code"], o["request_id"] = e.title, e.message, e.code, "req_1"
	} else {
		o["error"] = e.title + ": " + e.message
	}
	if id != "" {
		o["context_id"] = id
	}
	if c.quirks.errorDone {
		o["done"] = true
	}
	c.send(o)
}

func (c *line) send(o engine.Object) { engine.Send(c.socket, o) }
