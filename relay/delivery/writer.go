package delivery

import (
	"errors"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/coder/websocket"

	"voicerelay/awake"
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
	ErrSilent      = errors.New("client silent")
)

// writer sends what waits in an outbox on a connection, closes the connection when that is due, and looks after a quiet client. Its
// goroutine exists only while it has something to do.
type writer struct {
	// Static after Upgrade, but that Bind may change the limits before Begin.
	cfg    ConnConfig
	owner  Owner
	outbox *Outbox
	ws     *websocket.Conn
	sock   *socket
	run    func() // write, made once

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

// WriteDirect sends what waits, if no other goroutine is writing and the client takes it at once.
func (w *writer) WriteDirect() bool { return w.sock.writeDirect(w.outbox) && !w.idleTimer.Load() }

// Wake has the writer run.
func (w *writer) Wake() {
	if w.wakes.Add(1) == 1 {
		w.wg.Add(1)
		go w.run() // wg.Go would make two closures each time
	}
}

// write does what there is to do, until there is nothing. After an error the writer is not woken again.
func (w *writer) write() {
	defer w.wg.Done()
	for {
		before := w.wakes.Load()
		if err := w.serveOnce(); err != nil {
			w.owner.Failed(err)
			return
		}
		if w.wakes.CompareAndSwap(before, 0) {
			return
		}
	}
}

// serveOnce sends what waits, closes the connection if that is due, and looks after a quiet client.
func (w *writer) serveOnce() error {
	if err := w.sock.drain(w.outbox); err != nil {
		if errors.Is(err, os.ErrDeadlineExceeded) {
			w.giveUp()
		}
		w.cut() // unblocks the reader, which ends the session
		return err
	}
	if bye := w.outbox.closeFrame(); bye != nil {
		return w.sendClose(*bye)
	}
	if !w.idleTimer.Swap(false) {
		return nil
	}
	next, err := w.watch(time.Now())
	if err != nil {
		w.cut()
		return err
	}
	w.checkIdleAfter(time.Until(next))
	return nil
}

// shut ends the connection with a close frame, after all that waits; the first reason counts.
func (w *writer) shut(f closeFrame) {
	if w.outbox.closeAfter(f) {
		w.owner.Closing()
	}
}

// cut ends the connection whatever it waits for.
func (w *writer) cut() { _ = w.ws.CloseNow() } // it is over either way

// giveUp ends the session of a client that takes nothing, whatever waits for it. A client that takes bytes again within
// closeFramePatience is told why.
func (w *writer) giveUp() {
	w.owner.Closing()
	w.outbox.Close()
	_ = w.sendClose(closeFrame{w.unreadCode(), "not a byte was taken for " + w.cfg.Limits.WriteTimeout.String()}) // it may never hear it
}

// checkIdleAfter wakes the writer after a while, to look after the client.
func (w *writer) checkIdleAfter(after time.Duration) {
	if w.look != nil {
		w.look.Reset(after)
		return
	}
	w.look = time.AfterFunc(after, func() {
		w.idleTimer.Store(true)
		w.outbox.Notify()
	})
}

// sendClose closes the connection by the protocol. The reader takes the client's answer. When the patience for a close is
// over the connection is cut, whatever the client does.
func (w *writer) sendClose(f closeFrame) error {
	cut := time.AfterFunc(CloseFramePatience, func() { _ = w.sock.Close() }) // which ends every read and write
	defer cut.Stop()
	if err := w.ws.Close(f.code, f.reason); err != nil {
		return err
	}
	return ErrSessionOver
}

// watch looks after a quiet client: it closes an idle connection, pings one that says nothing, and fails
// where the ping has no answer. next is when to look again. A pong shows that the client lives, and not that it uses the
// connection; programs send pings and pongs by themselves for as long as they run.
func (w *writer) watch(now time.Time) (next time.Time, err error) {
	heard := time.Unix(0, w.heard.Load())
	running, quiet := w.owner.Running(now)
	idle := w.cfg.Awake.Adjust(awake.Later(time.Unix(0, w.said.Load()), quiet), now).Add(w.cfg.Limits.IdleTimeout)
	if running > 0 {
		idle = time.Time{}
	} else if !now.Before(idle) {
		w.shut(closeFrame{w.idleCode(), "idle"})
		return now, nil
	}
	taken := w.sock.taken.Load()
	if !heard.Before(w.pinged) || taken != w.pingTaken {
		w.pinged = time.Time{}
	}
	if !w.pinged.IsZero() {
		silent := w.cfg.Awake.Adjust(w.pinged, now).Add(pongPatience)
		switch {
		case now.Before(silent):
			return awake.Earlier(idle, silent), nil
		case !w.cfg.PlainCodes:
			return now, ErrSilent
		}
	}
	if due := awake.Later(heard, time.Unix(0, taken)).Add(quietBeforePing); now.Before(due) {
		return awake.Earlier(idle, due), nil
	}
	w.pinged = now
	if err := w.ping(); err != nil {
		return now, err
	}
	w.pingTaken = w.sock.taken.Load()
	return awake.Earlier(idle, now.Add(pongPatience)), nil
}

// ping asks for a sign of life. The frame is written here, since the library's own Ping waits for the answer
// and closes the connection of a client that is merely slow to take it.
func (w *writer) ping() error {
	_, err := w.sock.Write([]byte{0x89, 0}) // FIN and the ping opcode; no mask from a server; no payload
	return err
}

// idleCode closes a connection that is not used.
func (w *writer) idleCode() websocket.StatusCode {
	if w.cfg.PlainCodes {
		return websocket.StatusNormalClosure
	}
	return closeIdle
}

// unreadCode closes a connection whose client takes nothing.
func (w *writer) unreadCode() websocket.StatusCode {
	if w.cfg.PlainCodes {
		return websocket.StatusGoingAway
	}
	return ClosePolicy
}
