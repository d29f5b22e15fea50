package delivery

import (
	"errors"
	"os"
	"time"

	"github.com/coder/websocket"

	"voicerelay/awake"
)

// WriteDirect sends what waits, if no other goroutine is writing and the client takes it at once.
func (c *Conn) WriteDirect() bool { return c.sock.writeDirect(c.Out) && !c.idleTimer.Load() }

// Wake has the writer run.
func (c *Conn) Wake() {
	if c.wakes.Add(1) == 1 {
		c.wg.Add(1)
		go c.writer() // wg.Go would make two closures each time
	}
}

// write does what there is to do, until there is nothing. After an error the writer is not woken again.
func (c *Conn) write() {
	defer c.wg.Done()
	for {
		before := c.wakes.Load()
		if err := c.serveOnce(); err != nil {
			c.owner.Failed(err)
			return
		}
		if c.wakes.CompareAndSwap(before, 0) {
			return
		}
	}
}

// serveOnce sends what waits, closes the connection if that is due, and looks after a quiet client.
func (c *Conn) serveOnce() error {
	if err := c.sock.drain(c.Out); err != nil {
		if errors.Is(err, os.ErrDeadlineExceeded) {
			c.giveUp()
		}
		c.Cut() // unblocks the reader, which ends the session
		return err
	}
	if bye := c.Out.closeFrame(); bye != nil {
		return c.sendClose(*bye)
	}
	if !c.idleTimer.Swap(false) {
		return nil
	}
	next, err := c.watch(time.Now())
	if err != nil {
		c.Cut()
		return err
	}
	c.checkIdleAfter(time.Until(next))
	return nil
}

// giveUp ends the session of a client that takes nothing, whatever waits for it. A client that takes bytes again within
// closeFramePatience is told why.
func (c *Conn) giveUp() {
	c.owner.Closing()
	c.Out.Close()
	_ = c.sendClose(closeFrame{c.unreadCode(), "not a byte was taken for " + c.cfg.Limits.WriteTimeout.String()}) // it may never hear it
}

// checkIdleAfter wakes the writer after a while, to look after the client.
func (c *Conn) checkIdleAfter(after time.Duration) {
	if c.look != nil {
		c.look.Reset(after)
		return
	}
	c.look = time.AfterFunc(after, func() {
		c.idleTimer.Store(true)
		c.Out.Notify()
	})
}

// sendClose closes the connection by the protocol. The reader takes the client's answer. When the patience for a close is
// over the connection is cut, whatever the client does.
func (c *Conn) sendClose(f closeFrame) error {
	cut := time.AfterFunc(CloseFramePatience, func() { _ = c.sock.Close() }) // which ends every read and write
	defer cut.Stop()
	if err := c.ws.Close(f.code, f.reason); err != nil {
		return err
	}
	return ErrSessionOver
}

// watch looks after a quiet client: it closes an idle connection, pings one that says nothing, and fails
// where the ping has no answer. next is when to look again. A pong shows that the client lives, and not that it uses the
// connection; programs send pings and pongs by themselves for as long as they run.
func (c *Conn) watch(now time.Time) (next time.Time, err error) {
	heard := time.Unix(0, c.heard.Load())
	running, quiet := c.owner.Running(now)
	idle := c.cfg.Awake.Adjust(awake.Later(time.Unix(0, c.said.Load()), quiet), now).Add(c.cfg.Limits.IdleTimeout)
	if running > 0 {
		idle = time.Time{}
	} else if !now.Before(idle) {
		c.Shut(c.idleCode(), "idle")
		return now, nil
	}
	taken := c.sock.taken.Load()
	if !heard.Before(c.pinged) || taken != c.pingTaken {
		c.pinged = time.Time{}
	}
	if !c.pinged.IsZero() {
		silent := c.cfg.Awake.Adjust(c.pinged, now).Add(pongPatience)
		switch {
		case now.Before(silent):
			return awake.Earlier(idle, silent), nil
		case !c.cfg.PlainCodes:
			return now, errSilent
		}
	}
	if due := awake.Later(heard, time.Unix(0, taken)).Add(quietBeforePing); now.Before(due) {
		return awake.Earlier(idle, due), nil
	}
	c.pinged = now
	if err := c.ping(); err != nil {
		return now, err
	}
	c.pingTaken = c.sock.taken.Load()
	return awake.Earlier(idle, now.Add(pongPatience)), nil
}

// ping asks for a sign of life. The frame is written here, since the library's own Ping waits for the answer
// and closes the connection of a client that is merely slow to take it.
func (c *Conn) ping() error {
	_, err := c.sock.Write([]byte{0x89, 0}) // FIN and the ping opcode; no mask from a server; no payload
	return err
}

// idleCode closes a connection that is not used.
func (c *Conn) idleCode() websocket.StatusCode {
	if c.cfg.PlainCodes {
		return websocket.StatusNormalClosure
	}
	return closeIdle
}

// unreadCode closes a connection whose client takes nothing.
func (c *Conn) unreadCode() websocket.StatusCode {
	if c.cfg.PlainCodes {
		return websocket.StatusGoingAway
	}
	return ClosePolicy
}
