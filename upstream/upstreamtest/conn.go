package upstreamtest

import (
	"context"
	"encoding/json"
	"net/http"
	"regexp"
	"slices"
	"sync"
	"time"

	"github.com/coder/websocket"
)

// inbox is how many frames may wait for the script.
const inbox = 1024

// Conn is one socket as the vendor's script sees it.
type Conn struct {
	// Request is the handshake.
	Request *http.Request

	vendor *Vendor
	ws     *websocket.Conn
	frames chan []byte   // closed by the reader
	over   chan struct{} // closed by the reader, too
	wg     sync.WaitGroup
}

func newConn(v *Vendor, ws *websocket.Conn, r *http.Request) *Conn {
	return &Conn{Request: r, vendor: v, ws: ws, frames: make(chan []byte, inbox), over: make(chan struct{})}
}

// run plays the script, and returns once the socket is closed.
func (c *Conn) run(frozen bool) {
	if frozen {
		<-c.vendor.listener.over
		c.Drop()
		return
	}
	c.wg.Go(c.read)
	c.vendor.script(c)
	c.Drop()
	c.wg.Wait()
}

// read takes frames in, so that pings are answered and the client is never kept waiting.
func (c *Conn) read() {
	defer close(c.over)
	defer close(c.frames)
	for {
		_, frame, err := c.ws.Read(context.Background())
		if err != nil {
			return
		}
		c.frames <- frame
	}
}

// Next is the client's next frame, or false where the socket is closed.
func (c *Conn) Next() ([]byte, bool) {
	frame, ok := <-c.frames
	return frame, ok
}

// Over is closed when the socket is.
func (c *Conn) Over() <-chan struct{} { return c.over }

// Go runs f in a goroutine that the vendor waits for. f must end when Over is closed.
func (c *Conn) Go(f func()) { c.wg.Go(f) }

// Plan is what the test wants to happen.
func (c *Conn) Plan() Plan {
	c.vendor.mu.Lock()
	defer c.vendor.mu.Unlock()
	return c.vendor.plan
}

// Send sends v as a JSON text frame. A client that is gone is not the script's business.
func (c *Conn) Send(v any) {
	frame, err := json.Marshal(v)
	if err != nil {
		panic(err) // a script's own mistake
	}
	c.SendRaw(frame)
}

// longBase64 is a JSON string that is nothing but base64, and too long to be an id.
var longBase64 = regexp.MustCompile(`"[A-Za-z0-9+/]{76,}={0,2}"`)

// inLines is a frame whose base64 stands in lines of 76 characters.
func inLines(frame []byte) []byte {
	return longBase64.ReplaceAllFunc(frame, func(quoted []byte) []byte {
		lines := []byte{'"'}
		for line := range slices.Chunk(quoted[1:len(quoted)-1], 76) {
			lines = append(append(lines, line...), `\r\n`...)
		}
		return append(lines, '"')
	})
}

// SendRaw sends a text frame as it is, but for what the plan makes of its base64.
func (c *Conn) SendRaw(frame []byte) {
	if c.Plan().LineBreaks {
		frame = inLines(frame)
	}
	_ = c.ws.Write(context.Background(), websocket.MessageText, frame)
}

// SendBinary sends a binary frame.
func (c *Conn) SendBinary(frame []byte) {
	_ = c.ws.Write(context.Background(), websocket.MessageBinary, frame)
}

// Close closes the socket with a code.
func (c *Conn) Close(code int) {
	_ = c.ws.Close(websocket.StatusCode(code), "secret vendor text")
}

// Drop breaks the connection without a word.
func (c *Conn) Drop() { _ = c.ws.CloseNow() }

// Stopped notes that the client has told the vendor to stop a stream.
func (c *Conn) Stopped(id string) {
	c.vendor.mu.Lock()
	defer c.vendor.mu.Unlock()
	c.vendor.stops = append(c.vendor.stops, Stop{ID: id, At: time.Now()})
}
