package elevenlabs

import (
	"context"
	"net/http"
	"sync"
	"time"

	"github.com/coder/websocket"

	"voicerelay/upstream/emulator/engine"
)

// line is a connection as its contexts see it.
type line struct {
	*emulator

	// Static after connect.
	socket  *websocket.Conn
	address address
	wire    wire
	engine  chan struct{}      // holds a token for each context that is spoken at the moment
	stop    context.CancelFunc // ends the contexts; set by serve
	wg      sync.WaitGroup     // the contexts, and the close

	mu     sync.Mutex // guards what follows
	closed bool       // a close frame is under way
}

// fail tells an error and closes, which ends every context. id is the context that it came of, or empty.
// The frame has message, error and code, and the close has the message as its reason: so it stands in reports on GitHub. 1008
// is for a client's fault and for a transient one alike, so clients have to read the id or the text.
func (c *line) fail(e *failure, id string) {
	if !c.shut() {
		return
	}
	frame := engine.Object{"message": e.text, "error": e.id, "code": int(websocket.StatusPolicyViolation)}
	if c.quirks.errorNamesContext && id != "" {
		c.wire.name(frame, id)
	}
	if c.quirks.authBy != "close" || e.http != http.StatusUnauthorized {
		engine.Send(c.socket, frame)
	}
	c.wg.Go(func() { _ = c.socket.Close(websocket.StatusPolicyViolation, cutReason(e.text)) }) // the client may have gone
}

// send sends a context's frame.
func (c *line) send(frame engine.Object, id string) {
	c.wire.name(frame, id)
	engine.Send(c.socket, frame)
}

// close closes without a word. The reader goes on until the client has answered.
func (c *line) close(code int) {
	if c.shut() {
		c.wg.Go(func() { _ = c.socket.Close(websocket.StatusCode(code), "") }) // the client may have gone
	}
}

// shut ends every context, and reports false where that has been done.
func (c *line) shut() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	first := !c.closed
	c.closed = true
	c.stop()
	return first
}

func (c *line) noteClose(id string) {
	c.server.Note(func(st *engine.Stats) { st.Cancels = append(st.Cancels, engine.Cancel{ID: id, At: time.Now()}) })
}
