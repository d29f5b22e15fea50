package delivery

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/coder/websocket"

	"voicerelay/limits"
)

// Conn is a client's WebSocket connection: it reads whole messages, sends what waits in its outbox, and closes a connection
// whose client is idle or silent. Its owner has the reader; the writer is its own, and exists only while it has something to
// do: a connection is idle for most of its time, and vendors' readers send most frames (writeDirect).
type Conn struct {
	Out    *Outbox // static
	writer         // of what waits there
}

// NewConn is a connection before its upgrade. What is queued waits until Begin.
func NewConn(owner Owner, cfg ConnConfig) *Conn {
	now := time.Now().UnixNano()
	c := &Conn{writer: writer{cfg: cfg, owner: owner}}
	c.Out, c.run = NewOutbox(&c.writer, cfg.Backlog), c.write
	c.outbox = c.Out
	c.Out.pace.lead = cfg.Lead
	c.Out.BeginBatch()
	c.heard.Store(now)
	c.said.Store(now)
	c.idleTimer.Store(true) // so that the writer begins to look after the client
	return c
}

// Upgrade makes a request the WebSocket. Its origin must have been checked.
func (c *Conn) Upgrade(w http.ResponseWriter, r *http.Request, subprotocol string) error {
	h := &hijacker{ResponseWriter: w, limits: c.cfg.Limits, delay: c.cfg.Delay, awake: c.cfg.Awake}
	heard := func() { c.heard.Store(time.Now().UnixNano()) }
	ws, err := websocket.Accept(h, r, &websocket.AcceptOptions{
		Subprotocols:       []string{subprotocol},
		InsecureSkipVerify: true, // the caller has checked it
		OnPingReceived: func(_ context.Context, payload []byte) bool {
			heard()
			c.pong(payload)
			return false
		},
		OnPongReceived: func(context.Context, []byte) { heard() },
	})
	if err != nil {
		return err
	}
	ws.SetReadLimit(int64(c.cfg.Limits.MaxMessageBytes))
	c.ws, c.sock = ws, h.sock
	return nil
}

// Bind sets the limits of a client that has become known by what it said. It is called before Begin.
func (c *Conn) Bind(of limits.Config) {
	c.cfg.Limits = of
	c.ws.SetReadLimit(int64(of.MaxMessageBytes))
	c.sock.intake = newIntake(of.MaxMessageBytes)
	c.sock.SetPatience(of.WriteTimeout)
}

// Begin sends what was queued so far, and from then on whatever is queued. From now on the client is looked after.
func (c *Conn) Begin() {
	c.Out.EndBatch()
	c.Out.Notify() // also where nothing was queued
}

// Read takes one message, and hands it to receive unless the connection is to be closed. The data is valid during the call.
func (c *Conn) Read(receive func(kind websocket.MessageType, data []byte)) error {
	// Never a context that ends: the library would close the connection with it.
	kind, r, err := c.ws.Reader(context.Background())
	if err != nil {
		return err
	}
	now := time.Now().UnixNano()
	c.heard.Store(now)
	c.said.Store(now)
	buf := inboxPool.Get().(*bytes.Buffer) // only now: an idle connection keeps none
	err = c.readWhole(buf, r)
	if err == nil && !c.Out.isClosing() {
		receive(kind, buf.Bytes())
	}
	recycle(buf)
	if errors.Is(err, websocket.ErrMessageTooBig) {
		// The library has sent the close frame; what the client still sends must not reset it away.
		c.sock.discardUntil(time.Now().Add(CloseFramePatience))
	}
	return err
}

// readWhole reads a message, which must come whole within messagePatience of its beginning.
func (c *Conn) readWhole(buf *bytes.Buffer, r io.Reader) error {
	if err := c.sock.SetReadDeadline(time.Now().Add(messagePatience)); err != nil {
		return err
	}
	if _, err := buf.ReadFrom(r); err != nil {
		return err
	}
	c.sock.intake.take(messageCost)
	return c.sock.SetReadDeadline(time.Time{})
}

var inboxPool = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// maxPooledInbox keeps the longest messages, which are rare, out of the pool.
const maxPooledInbox = 64 << 10

func recycle(buf *bytes.Buffer) {
	if buf.Cap() > maxPooledInbox {
		return
	}
	buf.Reset()
	inboxPool.Put(buf)
}

// Send queues a message of the session's own. A client that leaves too many of them unread is sent away.
func (c *Conn) Send(m *Message) {
	if !c.Out.Send(m) {
		c.Shut(ClosePolicy, "too many unread answers")
	}
}

// pong answers a ping. The writer sends it, since the library would close the connection of a client that
// pings and does not read.
func (c *Conn) pong(payload []byte) { c.Send(OwnMessage(messagePong, payload)) }

// Shut ends the connection with a close frame, after what the session itself has to say. Generations are
// stopped; the first reason counts.
func (c *Conn) Shut(code websocket.StatusCode, reason string) { c.shut(closeFrame{code, reason}) }

// NoteRefusal counts a message that was refused, and waits where there were too many. Only called by receive.
func (c *Conn) NoteRefusal() { c.sock.intake.take(refusalCost) }

// NoteIdle has the writer look after the client the next time it runs: a generation has ended.
func (c *Conn) NoteIdle() { c.idleTimer.Store(true) }

// Cut ends the connection whatever it waits for.
func (c *Conn) Cut() { c.cut() }

// End takes nothing more to send. The reader has ended.
func (c *Conn) End() {
	c.Out.Close()
	if !c.Out.isClosing() { // otherwise the writer ends the connection by the protocol
		c.Cut() // which unblocks the writer
	}
}

// Wait returns once the writer has ended. It is called after End.
func (c *Conn) Wait() {
	c.wg.Wait()
	if c.look != nil {
		c.look.Stop()
	}
	c.Cut()
}
