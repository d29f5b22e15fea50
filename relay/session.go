package relay

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"sync"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"github.com/coder/websocket"

	"github.com/voicerelay/voicerelay/client/protocol"
	"voicerelay/limits"
)

// Patience with a client that says nothing: after quietBeforePing it is pinged, and after pongPatience more
// without a sign of life its connection is dropped.
const (
	quietBeforePing = 20 * time.Second
	pongPatience    = 20 * time.Second
)

// closeFramePatience bounds the closing handshake.
const closeFramePatience = 2 * time.Second

// Close codes of the protocol.
const (
	closeDrained = websocket.StatusGoingAway               // 1001
	closeBinary  = websocket.StatusUnsupportedData         // 1003
	closeNotUTF8 = websocket.StatusInvalidFramePayloadData // 1007
	closePolicy  = websocket.StatusPolicyViolation         // 1008
	closeIdle    = websocket.StatusCode(4408)
)

// Why a session ended, for the log.
var (
	errSessionOver = errors.New("session over")
	errSilent      = errors.New("client silent")
)

// session is one client connection.
type session struct {
	// Static after newSession.
	origin
	conn   *websocket.Conn
	sock   *socket
	began  time.Time
	cancel context.CancelCauseFunc // ends the session's context
	writer func()                  // write, made once

	heard     atomic.Int64 // unix nanoseconds of the last frame from the client, pings and pongs too: it lives
	said      atomic.Int64 // of its last message: it uses the connection
	idleTimer atomic.Bool  // the writer is to look after the client: a generation has ended, or watch named this time
	wakes     atomic.Int64 // how often the writer has been, since it last had nothing to do

	// Owned by the reader.
	rate    *limits.Rate
	cancels *limits.Rate
	setting *limits.Rate // of configures
	strikes strikes

	// Owned by the writer.
	pinged    time.Time   // of the ping that waits for an answer; zero: none
	pingTaken int64       // the socket's taken, as the ping itself left it
	look      *time.Timer // wakes the writer when the client is to be looked after; nil: it never was

	mu       sync.Mutex // guards what follows
	defaults protocol.Settings
	register register
	draining bool

	wg sync.WaitGroup // every goroutine of this session
}

// closeFrame is how a connection is closed.
type closeFrame struct {
	code   websocket.StatusCode
	reason string
}

// sendReady queues what the client hears first.
func (s *session) sendReady() {
	s.send(protocol.Ready{
		SessionID: s.id,
		Protocol:  protocol.Version,
		Limits:    wireLimits(s.key.Limits),
		Formats:   formats(),
	})
}

// run serves the connection until it ends. No goroutine outlives it.
func (s *session) run(ctx context.Context) {
	s.out.endBatch()
	err := s.readLoop(ctx)
	s.stopAll(causeGone)
	s.cancel(errors.Join(errSessionOver, err))
	s.out.close()
	if !s.out.isClosing() { // otherwise the writer ends the connection by the protocol
		_ = s.conn.CloseNow() // it is over either way; this unblocks the writer
	}
	s.wg.Wait()
	if s.look != nil {
		s.look.Stop()
	}
	_ = s.conn.CloseNow()
	log := s.log()
	log.Info().Dur("lasted", time.Since(s.began)).AnErr("cause", context.Cause(ctx)).Msg("session ended")
}

// readLoop applies what the client sends until its connection is over.
func (s *session) readLoop(ctx context.Context) error {
	for {
		// Never a context that ends: the library would close the connection with it.
		kind, r, err := s.conn.Reader(context.Background())
		if err != nil {
			return err
		}
		now := time.Now().UnixNano()
		s.heard.Store(now)
		s.said.Store(now)
		buf := inboxPool.Get().(*bytes.Buffer)
		err = s.readWhole(buf, r)
		if err == nil && !s.out.isClosing() {
			s.receive(ctx, kind, buf.Bytes())
		}
		recycle(buf)
		if errors.Is(err, websocket.ErrMessageTooBig) {
			// The library has sent the close frame; what the client still sends must not reset it away.
			s.sock.discardUntil(time.Now().Add(closeFramePatience))
		}
		if err != nil {
			return err
		}
	}
}

// readWhole reads a message, which is to come whole within messagePatience of its beginning.
func (s *session) readWhole(buf *bytes.Buffer, r io.Reader) error {
	if err := s.sock.SetReadDeadline(time.Now().Add(messagePatience)); err != nil {
		return err
	}
	if _, err := buf.ReadFrom(r); err != nil {
		return err
	}
	s.sock.intake.take(messageCost)
	return s.sock.SetReadDeadline(time.Time{})
}

var inboxPool = sync.Pool{New: func() any { return new(bytes.Buffer) }}

func recycle(buf *bytes.Buffer) {
	if buf.Cap() > 64<<10 {
		return
	}
	buf.Reset()
	inboxPool.Put(buf)
}

// receive applies one message.
func (s *session) receive(ctx context.Context, kind websocket.MessageType, data []byte) {
	if kind != websocket.MessageText {
		s.shut(closeFrame{closeBinary, "messages are JSON text frames"})
		return
	}
	if !utf8.Valid(data) {
		s.shut(closeFrame{closeNotUTF8, "text is not UTF-8"})
		return
	}
	cmd, refused := protocol.Decode(data)
	if refused == nil {
		refused = s.apply(ctx, cmd)
	} else {
		s.named(refused.GenerationID, refused.Command)
	}
	if refused == nil {
		return
	}
	s.srv.refused(s.remote, refused.Code, s.key)
	s.send(refused)
	s.sock.intake.take(refusalCost)
	if !refused.Known() && s.strikes.add(time.Now()) {
		s.shut(closeFrame{closePolicy, "20 messages within a minute that are no JSON object of a known type"})
	}
}

// send queues one of the session's own messages.
func (s *session) send(e protocol.Event) {
	if !s.out.send(ownMessage(websocket.MessageText, protocol.Encode(e))) {
		s.shut(closeFrame{closePolicy, "too many unread answers"})
	}
}

// shut ends the connection with a close frame, behind what the session itself has to say. Generations are
// stopped; the first reason counts.
func (s *session) shut(f closeFrame) {
	if s.out.closeAfter(f) {
		s.stopAll(causeGone)
	}
}

// writeDirect sends what waits, where nobody is writing and the client takes it at once.
func (s *session) writeDirect() bool { return s.sock.writeDirect(s.out) && !s.idleTimer.Load() }

// wake has the writer run. It exists only while it has something to do: a connection is idle for most of its time, and
// vendors' readers send most frames.
func (s *session) wake() {
	if s.wakes.Add(1) == 1 {
		s.wg.Add(1)
		go s.writer() // wg.Go would make two closures each time
	}
}

// write does what there is to do, until there is nothing. After an error the writer is not woken again.
func (s *session) write() {
	defer s.wg.Done()
	for {
		before := s.wakes.Load()
		if err := s.serveOnce(); err != nil {
			s.cancel(err)
			return
		}
		if s.wakes.CompareAndSwap(before, 0) {
			return
		}
	}
}

// serveOnce sends what waits, closes the connection where that is due, and looks after a quiet client.
func (s *session) serveOnce() error {
	if err := s.sock.drain(s.out); err != nil {
		if errors.Is(err, os.ErrDeadlineExceeded) {
			s.giveUp()
		}
		_ = s.conn.CloseNow() // unblocks the reader, which ends the session
		return err
	}
	if bye := s.out.closeFrame(); bye != nil {
		return s.sendClose(*bye)
	}
	if !s.idleTimer.Swap(false) {
		return nil
	}
	next, err := s.watch(time.Now())
	if err != nil {
		_ = s.conn.CloseNow()
		return err
	}
	s.checkIdleAfter(time.Until(next))
	return nil
}

// giveUp ends the session of a client that takes nothing, whatever waits for it. One that takes bytes again within the
// closeFramePatience hears why.
func (s *session) giveUp() {
	s.stopAll(causeGone)
	s.out.close()
	_ = s.sendClose(closeFrame{closePolicy, "not a byte was taken for " + s.key.Limits.WriteTimeout.String()}) // it may never hear it
}

// checkIdleAfter has the writer look after the client after a while.
func (s *session) checkIdleAfter(after time.Duration) {
	if s.look != nil {
		s.look.Reset(after)
		return
	}
	s.look = time.AfterFunc(after, func() {
		s.idleTimer.Store(true)
		s.out.notify()
	})
}

// sendClose closes the connection by the protocol. The reader takes the client's answer. When the patience for a close is
// over the connection is cut, whatever the client does.
func (s *session) sendClose(f closeFrame) error {
	cut := time.AfterFunc(closeFramePatience, func() { _ = s.sock.Close() }) // which ends every read and write
	defer cut.Stop()
	if err := s.conn.Close(f.code, f.reason); err != nil {
		return err
	}
	return errSessionOver
}

// watch looks after a quiet client: it closes an idle connection, pings one that says nothing, and fails
// where the ping has no answer. next is when to look again. A pong shows that the client lives, and not that it uses the
// connection; programs send pings and pongs by themselves for as long as they run.
func (s *session) watch(now time.Time) (next time.Time, err error) {
	heard := time.Unix(0, s.heard.Load())
	running, quiet := s.active(now)
	idle := s.srv.awake.Adjust(later(time.Unix(0, s.said.Load()), quiet), now).Add(s.key.Limits.IdleTimeout)
	if running > 0 {
		idle = time.Time{}
	} else if !now.Before(idle) {
		s.shut(closeFrame{closeIdle, "idle"})
		return now, nil
	}
	taken := s.sock.taken.Load()
	if !heard.Before(s.pinged) || taken != s.pingTaken {
		s.pinged = time.Time{}
	}
	if !s.pinged.IsZero() {
		silent := s.srv.awake.Adjust(s.pinged, now).Add(pongPatience)
		if !now.Before(silent) {
			return now, errSilent
		}
		return earlier(idle, silent), nil
	}
	if due := later(heard, time.Unix(0, taken)).Add(quietBeforePing); now.Before(due) {
		return earlier(idle, due), nil
	}
	s.pinged = now
	if err := s.ping(); err != nil {
		return now, err
	}
	s.pingTaken = s.sock.taken.Load()
	return earlier(idle, now.Add(pongPatience)), nil
}

// pong answers a ping. The writer sends it, since the library would close the connection of a client that
// pings and does not read.
func (s *session) pong(payload []byte) {
	if !s.out.send(ownMessage(messagePong, payload)) {
		s.shut(closeFrame{closePolicy, "too many unread answers"})
	}
}

// ping asks for a sign of life. The frame is written here, since the library's own Ping waits for the answer
// and closes the connection of a client that is merely slow to take it.
func (s *session) ping() error {
	_, err := s.sock.Write([]byte{0x89, 0}) // FIN and the ping opcode; no mask from a server; no payload
	return err
}

// strikes counts a client's messages that make no sense.
type strikes struct {
	at   []time.Time // of the last ones, a ring once it is full
	next int
}

const maxStrikes = 20

// add notes one, and reports whether there were maxStrikes within a minute.
func (k *strikes) add(now time.Time) bool {
	if len(k.at) < maxStrikes {
		k.at = append(k.at, now)
	} else {
		k.at[k.next] = now
		k.next = (k.next + 1) % maxStrikes
	}
	return len(k.at) == maxStrikes && now.Sub(k.at[k.next]) < time.Minute
}
