package fish

import (
	"context"
	"sync"
	"time"

	"github.com/coder/websocket"
	"github.com/vmihailenco/msgpack/v5"

	"voicerelay/upstream/emulator/engine"
	"voicerelay/upstream/emulator/voice"
)

// connection is one connection, which has one session. Its reader takes messages, and one goroutine speaks.
type connection struct {
	*emulator
	socket *websocket.Conn
	name   string
	model  string
	timed  bool           // word times are told
	wg     sync.WaitGroup // the speaker, the watch over idleness, and the close of a fault
	wake   chan struct{}  // holds one token while there may be something to do
	opened time.Time

	// Owned by the reader.
	started bool

	mu       sync.Mutex // guards what follows
	heard    time.Time  // when there was a message in either direction
	buffer   string     // text that nothing has ordered yet
	texts    []string   // that are to be spoken, a chunk each
	last     bool       // no more comes
	finished bool       // the client is told the end

	session // owned by the speaker, once there is one
}

// session is what the speaker keeps from chunk to chunk.
type session struct {
	settings settings
	sender   engine.Sender
	encoder  engine.Encoder
	dead     bool // it has met its fault
	chunks   int  // that have begun
	now      chunk
}

// chunk is a text that is spoken at once.
type chunk struct {
	seq     int
	content string
	offset  time.Duration // of its audio, from the session's first sample
	length  time.Duration
	words   []voice.WordTime
	size    int // of its audio, in bytes, of which so many are sent
	sent    int
}

// out is how much of its audio is sent.
func (k chunk) out() time.Duration {
	return k.length * time.Duration(k.sent) / time.Duration(max(1, k.size))
}

func newConnection(e *emulator, socket *websocket.Conn, name string) *connection {
	now := time.Now()
	return &connection{emulator: e, socket: socket, name: name, wake: make(chan struct{}, 1), opened: now, heard: now}
}

func (c *connection) poke() {
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

func (c *connection) stir() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.heard = time.Now()
}

// tell sends a message. A client that has gone is noticed by the reader.
func (c *connection) tell(o engine.Object) {
	c.stir()
	body, err := msgpack.Marshal(map[string]any(o))
	if err != nil {
		panic("emulator: " + err.Error()) // a message of ours that is none
	}
	_ = c.socket.Write(context.Background(), websocket.MessageBinary, body)
}

// fail tells an error, behind which the socket is closed. It reports whether the connection goes on, which it does not.
func (c *connection) fail(text string) (more bool) {
	c.tell(engine.Object{"event": "error", "error": text})
	c.close()
	return false
}

// end tells the end, behind which the socket is closed.
func (c *connection) end(reason string) (more bool) {
	c.mu.Lock()
	c.finished = true
	c.mu.Unlock()
	c.tell(engine.Object{"event": "finish", "reason": reason, "time": c.elapsed()})
	c.close()
	return false
}

// elapsed is what time says: milliseconds, by what it looks like.
func (c *connection) elapsed() float64 { return float64(time.Since(c.opened).Microseconds()) / 1000 }

// close closes the socket by the code that is drawn, as none is documented. The client may have gone.
func (c *connection) close() { _ = c.socket.Close(websocket.StatusCode(c.quirks.closeCode), "") }
