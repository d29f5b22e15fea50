package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/coder/websocket"
)

const keptMessage = 16 << 10 // twice what a frame takes

// client is one agent's connection. One goroutine uses it, but for stop.
type client struct {
	clock   clock
	dialect dialect
	conn    *websocket.Conn
	buf     []byte
}

// dial connects, and waits for the server's greeting where there is one.
func dial(ctx context.Context, c clock, p *path) (*client, error) {
	ctx, cancel := context.WithTimeout(ctx, handshakePatience)
	defer cancel()
	conn, _, err := websocket.Dial(ctx, p.dialect.address(p.url), &websocket.DialOptions{HTTPClient: p.http})
	if err != nil {
		return nil, fmt.Errorf("connect: %w", err)
	}
	conn.SetReadLimit(1 << 20)
	client := &client{clock: c, dialect: p.dialect, conn: conn, buf: make([]byte, 0, keptMessage)}
	if p.dialect.greeted() {
		defer client.closeAfter(ctx)()
		if _, err := client.next(); err != nil {
			_ = conn.CloseNow() // the error says enough
			return nil, fmt.Errorf("wait for the greeting: %w", err)
		}
	}
	return client, nil
}

// close leaves without a farewell.
func (c *client) close() { _ = c.conn.CloseNow() }

// closeAfter ends the connection with a context, unless it is called off.
func (c *client) closeAfter(ctx context.Context) (callOff func() bool) {
	return context.AfterFunc(ctx, c.close)
}

// next reads a message into the client's buffer, where it stays until the next call. It takes no context, which the library
// would watch again for each part of each message: closeAfter bounds it.
func (c *client) next() ([]byte, error) {
	_, r, err := c.conn.Reader(context.Background())
	if err != nil {
		return nil, err
	}
	c.buf = c.buf[:0]
	for {
		if len(c.buf) == cap(c.buf) {
			c.buf = append(c.buf, 0)[:len(c.buf)]
		}
		n, err := r.Read(c.buf[len(c.buf):cap(c.buf)])
		c.buf = c.buf[:len(c.buf)+n]
		if errors.Is(err, io.EOF) {
			return c.buf, nil
		}
		if err != nil {
			return nil, err
		}
	}
}

// arrival is one frame's way.
type arrival struct{ sent, took time.Duration }

// heard is what a client got of an utterance.
type heard struct {
	number    int
	arrivals  []arrival
	stoppedAt time.Duration // when it sent the cancel; 0: it did not
	cancelled bool          // the server says that it was stopped; only the relay does
}

// line is something to say.
type line struct {
	number int
	text   string
}

// speak has a text spoken and hears it to its end.
func (c *client) speak(ctx context.Context, l line) (*heard, error) {
	all, err := c.speakTogether(ctx, []line{l})
	if err != nil {
		return nil, err
	}
	return all[0], nil
}

// speakTogether has some texts spoken at once on this one connection, and hears them to their ends.
func (c *client) speakTogether(ctx context.Context, lines []line) ([]*heard, error) {
	defer c.closeAfter(ctx)()
	all, byNumber := make([]*heard, len(lines)), make(map[int]*heard, len(lines))
	for i, l := range lines {
		for _, message := range c.dialect.generate(l.number, l.text) {
			if err := c.conn.Write(ctx, websocket.MessageText, message); err != nil {
				return nil, fmt.Errorf("utterance %d: %w", l.number, err)
			}
		}
		all[i] = &heard{number: l.number, arrivals: make([]arrival, 0, framesFor(len(l.text))+1)}
		byNumber[l.number] = all[i]
	}
	for len(byNumber) > 0 {
		if err := c.hear(byNumber); err != nil {
			err = cmp.Or(context.Cause(ctx), err)
			return nil, fmt.Errorf("utterance %d, frame %d: %w", lines[0].number, len(all[0].arrivals), err)
		}
	}
	return all, nil
}

// hear takes a message, and drops an utterance that it ends.
func (c *client) hear(speaking map[int]*heard) error {
	message, err := c.next()
	if err != nil {
		return err
	}
	now := c.clock.now()
	e, err := c.dialect.read(message)
	if err != nil || e.audio == nil && !e.end {
		return err
	}
	h := speaking[e.number]
	if h == nil {
		return fmt.Errorf("a message of utterance %d, which was not asked for", e.number)
	}
	if e.end {
		h.cancelled = e.cancelled
		delete(speaking, e.number)
		return nil
	}
	return h.take(e, now)
}

// take notes a frame, which must be the next one by the server's count and by the vendor's.
func (h *heard) take(e event, now time.Duration) error {
	m, err := readMark(e.audio)
	if err != nil {
		return err
	}
	if want := len(h.arrivals); e.seq != want || int(m.index) != want {
		return fmt.Errorf("got number %d, which the vendor sent as %d: frames were lost, repeated or swapped", e.seq, m.index)
	}
	h.arrivals = append(h.arrivals, arrival{sent: m.sent, took: now - m.sent})
	return nil
}

// stop cancels the utterance that is being spoken and says when. It may be called while speak runs.
func (c *client) stop(ctx context.Context, number int) (time.Duration, error) {
	at := c.clock.now()
	if err := c.conn.Write(ctx, websocket.MessageText, c.dialect.cancel(number)); err != nil {
		return 0, fmt.Errorf("cancel utterance %d: %w", number, err)
	}
	return at, nil
}
