package upstreamtest

import (
	"encoding/json"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"sync"
	"time"
)

// inbox is how many frames may wait for the script.
const inbox = 1024

// Plan is what happens to a vendor's streams.
type Plan struct {
	// Chunk is the bytes of audio in a frame; 0: 4800.
	Chunk int
	// Gap is the time before each frame.
	Gap time.Duration
	// Fault, if any, happens after so many frames of audio of a stream, and nothing more is said on that stream.
	Fault func(c *Conn, id string)
	After int
	// Deaf: cancels are not confirmed.
	Deaf bool
	// Handshake is how long the vendor takes to answer one.
	Handshake time.Duration
	// Torn: each piece's audio ends with a byte too many, or too few, to be whole samples.
	Torn bool
	// LineBreaks: long base64 is sent in lines, with another line break at the end, as MIME has it.
	LineBreaks bool
	// Frozen: new sockets are never read. NoPong: pings on them are not answered.
	Frozen, NoPong bool
}

// Stop is one stream that the vendor was told to stop, or whose socket was closed.
type Stop struct {
	ID string // empty for a socket
	At time.Time
}

// shared is what a vendor's sockets have in common: what the test wants, and what clients have told.
type shared struct {
	mu    sync.Mutex // guards what follows
	plan  Plan
	stops []Stop
}

// Conn is one socket as the vendor's script sees it, or one request of a vendor that answers requests: its body is the one
// frame that comes, and what is sent is the answer's body.
type Conn struct {
	// Request is the handshake; nil where there is none.
	Request *http.Request

	shared *shared
	wire   carrier
	frames chan []byte   // closed by the reader
	over   chan struct{} // closed by the reader, too
	wg     sync.WaitGroup
}

func newConn(of *shared, wire carrier, r *http.Request) *Conn {
	return &Conn{Request: r, shared: of, wire: wire, frames: make(chan []byte, inbox), over: make(chan struct{})}
}

// run plays the script, and returns once the socket is closed.
func (c *Conn) run(script func(*Conn)) {
	c.wg.Go(c.read)
	script(c)
	c.wire.end()
	c.wg.Wait()
}

// read takes frames in, so that pings are answered and the client is never kept waiting.
func (c *Conn) read() {
	defer close(c.over)
	defer close(c.frames)
	for {
		frame, err := c.wire.read()
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
	c.shared.mu.Lock()
	defer c.shared.mu.Unlock()
	return c.shared.plan
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
	c.wire.write(frame, false)
}

// SendBinary sends a binary frame.
func (c *Conn) SendBinary(frame []byte) { c.wire.write(frame, true) }

// Close closes the socket with a code, where its wire has such.
func (c *Conn) Close(code int) { c.wire.close(code) }

// Drop breaks the connection without a word.
func (c *Conn) Drop() { c.wire.drop() }

// Respond answers a request, before anything else is sent, with a status and some header.
func (c *Conn) Respond(status int, header http.Header) {
	answer := c.wire.(*answer)
	maps.Copy(answer.w.Header(), header)
	answer.w.WriteHeader(status)
}

// Stopped notes that the client has told the vendor to stop a stream.
func (c *Conn) Stopped(id string) {
	c.shared.mu.Lock()
	defer c.shared.mu.Unlock()
	c.shared.stops = append(c.shared.stops, Stop{ID: id, At: time.Now()})
}
