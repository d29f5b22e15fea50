package delivery

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/coder/websocket"
	"github.com/prometheus/client_golang/prometheus"

	"voicerelay/awake"
	"voicerelay/limits"
)

// Patience with a client that says nothing: after quietBeforePing it is pinged, and after pongPatience more
// without a sign of life its connection is dropped.
const (
	quietBeforePing = 20 * time.Second
	pongPatience    = 20 * time.Second
)

// CloseFramePatience bounds the closing handshake.
const CloseFramePatience = 2 * time.Second

// Why a connection ended, for the log.
var (
	ErrSessionOver = errors.New("session over")
	errSilent      = errors.New("client silent")
)

// ConnConfig is what a connection works with.
type ConnConfig struct {
	Limits  limits.Config
	Delay   prometheus.Observer // of each frame of audio, in seconds
	Awake   *awake.Clock        // tells time in which this process runs; nil: it always does
	Backlog *Backlog            // that the outbox is counted in
	// Lead is how far audio may be sent ahead of its playback; zero: as far as the client takes it. It is for clients that
	// leave a socket unread when their listener interrupts, and say nothing: what waits here can still be dropped.
	Lead time.Duration
	// PlainCodes: no close code is one of the relay's own protocol, and a client that leaves its socket unread is at no fault:
	// some answer no ping between two turns (livekit-plugins-cartesia 1.8.9). TCP finds those that are gone.
	PlainCodes bool
}

// Owner is whom a connection asks and tells about its generations.
type Owner interface {
	// Running is how many of them run, and when the last one ended.
	Running(now time.Time) (running int, quiet time.Time)
	// Closing has them stopped: the connection is about to be closed.
	Closing()
	// Failed ends the session: nothing can be written any more.
	Failed(err error)
}

// Conn is a client's WebSocket connection: it reads whole messages, sends what waits in its outbox, and closes a connection
// whose client is idle or silent. Its owner has the reader; the writer is its own, and exists only while it has something to
// do: a connection is idle for most of its time, and vendors' readers send most frames (writeDirect).
type Conn struct {
	// Static after Upgrade, but that Bind may change the limits before Begin.
	Out    *Outbox
	cfg    ConnConfig
	owner  Owner
	ws     *websocket.Conn
	sock   *socket
	writer func() // write, made once

	heard     atomic.Int64 // unix nanoseconds of the last frame from the client, pings and pongs too: it lives
	said      atomic.Int64 // of its last message: it uses the connection
	idleTimer atomic.Bool  // the writer is to look after the client: a generation has ended, or watch named this time
	wakes     atomic.Int64 // how often the writer has been woken, since it last had nothing to do

	// Owned by the writer.
	pinged    time.Time   // of the ping that waits for an answer; zero: none
	pingTaken int64       // the socket's taken, as the ping itself left it
	look      *time.Timer // wakes the writer when the client is to be looked after; nil: it never was

	wg sync.WaitGroup // the writer
}

// NewConn is a connection before its upgrade. What is queued waits until Begin.
func NewConn(owner Owner, cfg ConnConfig) *Conn {
	now := time.Now().UnixNano()
	c := &Conn{cfg: cfg, owner: owner}
	c.Out, c.writer = NewOutbox(c, cfg.Backlog), c.write
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
func (c *Conn) Shut(code websocket.StatusCode, reason string) {
	if c.Out.closeAfter(closeFrame{code, reason}) {
		c.owner.Closing()
	}
}

// NoteRefusal counts a message that was refused, and waits where there were too many. Only called by receive.
func (c *Conn) NoteRefusal() { c.sock.intake.take(refusalCost) }

// NoteIdle has the writer look after the client the next time it runs: a generation has ended.
func (c *Conn) NoteIdle() { c.idleTimer.Store(true) }

// Cut ends the connection whatever it waits for.
func (c *Conn) Cut() { _ = c.ws.CloseNow() } // it is over either way

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
