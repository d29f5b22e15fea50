package tcp

import (
	"errors"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// Conn is a connection that gives up on a peer that takes nothing. It is safe for concurrent use, as a net.Conn is.
type Conn struct {
	net.Conn // beneath

	patience atomic.Int64 // nanoseconds; 0: for ever
	fast     *fast        // nil: system calls are the runtime's
	writing  sync.Mutex   // without fast: keeps writes apart that wait more than once
}

// New returns a connection on top of another one, which only it may use from then on.
func New(conn net.Conn) *Conn { return &Conn{Conn: conn, fast: newFast(conn)} }

// SetPatience bounds for how long a later write waits for a peer that takes not a byte; 0: for ever. It takes the place
// of a write deadline.
func (c *Conn) SetPatience(d time.Duration) { c.patience.Store(int64(d)) }

// Read reads what there is.
func (c *Conn) Read(p []byte) (int, error) {
	if c.fast != nil {
		return c.fast.read(p)
	}
	return c.Conn.Read(p)
}

// Write writes all of p. It fails with os.ErrDeadlineExceeded where the peer has taken nothing for as long as the
// patience lasts.
func (c *Conn) Write(p []byte) (int, error) {
	patience := time.Duration(c.patience.Load())
	if c.fast != nil {
		return c.fast.write(p, patience)
	}
	c.writing.Lock()
	defer c.writing.Unlock()
	sent := 0
	for {
		if err := c.SetWriteDeadline(expiry(patience)); err != nil {
			return sent, err
		}
		n, err := c.Conn.Write(p[sent:])
		sent += n
		if err == nil || n == 0 || !errors.Is(err, os.ErrDeadlineExceeded) {
			return sent, err
		}
	}
}

// WriteNow writes as much of p as the peer takes without being waited for: nothing, at times, and nothing where the
// connection can't tell. Less than all of p is no error.
func (c *Conn) WriteNow(p []byte) (int, error) {
	if c.fast == nil {
		return 0, nil
	}
	return c.fast.writeNow(p)
}
