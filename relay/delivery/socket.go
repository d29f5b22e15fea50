package delivery

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"voicerelay/awake"
	"voicerelay/limits"
	"voicerelay/tcp"
)

// Sizes of the library's own buffers on a client connection, for what clients send and for control frames. They stay
// small because an idle connection keeps them.
const (
	readBufferSize  = 512
	writeBufferSize = 160
)

// socket is a client's connection below the WebSocket library. Messages are written here and not by the library: all that it
// adds to a whole frame from a server is a header, and its way there took a tenth of the relay's processor time. The socket
// notes when the client last took bytes, and gives up on a client that takes none.
type socket struct {
	*tcp.Conn
	delay  prometheus.Observer // of audio, in seconds
	awake  *awake.Clock
	intake intake
	taken  atomic.Int64 // unix nanoseconds at which the kernel last took bytes
	torn   atomic.Bool  // the client may have only a part of a frame

	writeMu sync.Mutex // held to write; guards what follows
	batch   []*Message // under way
	burst   *bytes.Buffer
	rest    []byte // what the client has not taken of them
}

func newSocket(conn net.Conn, of limits.Config, delay prometheus.Observer) *socket {
	s := &socket{Conn: tcp.New(conn), delay: delay, intake: newIntake(of.MaxMessageBytes)}
	s.SetPatience(of.WriteTimeout)
	s.taken.Store(time.Now().UnixNano())
	BoundKernelBuffers(conn)
	return s
}

// Read reads what the client has sent, and waits if it sends too much: frames of any kind, whole or in pieces.
func (s *socket) Read(p []byte) (int, error) {
	n, err := s.Conn.Read(p)
	s.intake.take(n)
	return n, err
}

// Write sends p for the library, after what is under way. A slow client is waited for as long as it takes any byte within its
// patience.
func (s *socket) Write(p []byte) (int, error) {
	s.writeMu.Lock()
	defer s.writeMu.Unlock()
	if err := s.finishLocked(); err != nil {
		return 0, err
	}
	s.torn.Store(true)
	n, err := s.writeAll(p)
	s.noteTaken(n)
	if n == 0 || n == len(p) {
		s.torn.Store(false)
	} else {
		s.rest = bytes.Clone(p[n:]) // the next write completes it
	}
	return n, err
}

// writeAll writes all of p. Time in which this process did not run does not count as patience.
func (s *socket) writeAll(p []byte) (sent int, err error) {
	for {
		began := time.Now()
		n, err := s.Conn.Write(p[sent:])
		sent += n
		if !errors.Is(err, os.ErrDeadlineExceeded) || s.awake.Paused(began, time.Now()) == 0 {
			return sent, err
		}
	}
}

// Close closes the connection. One that ends within a frame is reset: a client that reads until the end would take a part of
// a message for the whole, and unsent bytes would keep the connection alive in the kernel.
func (s *socket) Close() error {
	if s.torn.Load() {
		return ResetConn(s.Conn.Conn)
	}
	return s.Conn.Close()
}

// ResetConn closes a connection by a reset, if it is a TCP connection.
func ResetConn(conn net.Conn) error {
	if secured, ok := conn.(*tls.Conn); ok {
		conn = secured.NetConn() // its own Close would wait, and say that all has been sent
	}
	if c, ok := conn.(*net.TCPConn); ok {
		_ = c.SetLinger(0) // fails only where the connection is over
	}
	return conn.Close()
}

// drain sends all that waits, and waits for a slow client as Write does.
func (s *socket) drain(o *Outbox) error {
	s.writeMu.Lock()
	defer s.writeMu.Unlock()
	for {
		if err := s.finishLocked(); err != nil {
			return err
		}
		if !s.loadLocked(o) {
			return nil
		}
	}
}

// minDirectGap: closer than this to the last write, frames are left to the writer, which sends several at once.
const minDirectGap = 2 * time.Millisecond

// writeDirect sends what waits if no other goroutine is writing and the client takes it at once: then a vendor's reader need
// not wake the writer for its frame. It reports false if the writer has to go on.
func (s *socket) writeDirect(o *Outbox) bool {
	if !s.writeMu.TryLock() {
		return false
	}
	defer s.writeMu.Unlock()
	if len(s.rest) > 0 || time.Since(time.Unix(0, s.taken.Load())) < minDirectGap {
		return false
	}
	if !s.loadLocked(o) {
		return o.resting()
	}
	n, err := s.Conn.WriteNow(s.rest)
	s.noteTaken(n)
	if s.rest = s.rest[n:]; err != nil || len(s.rest) > 0 {
		s.torn.Store(n > 0)
		return false // the writer will get the error too
	}
	s.unloadLocked()
	return o.resting()
}

// loadLocked takes messages for one system call. A single message is written from its own buffer, without a copy.
func (s *socket) loadLocked(o *Outbox) bool {
	s.batch = dropMarks(o.Take(s.batch[:0], burst))
	switch len(s.batch) {
	case 0:
		return false
	case 1:
		s.rest = s.batch[0].frame()
	default:
		s.burst = burstPool.Get().(*bytes.Buffer)
		for _, m := range s.batch {
			s.burst.Write(m.frame()) // never fails
		}
		s.rest = s.burst.Bytes()
	}
	return true
}

// dropMarks takes ends that say nothing out of a batch.
func dropMarks(batch []*Message) []*Message {
	return slices.DeleteFunc(batch, func(m *Message) bool {
		mark := m.isMark()
		if mark {
			m.Release()
		}
		return mark
	})
}

// finishLocked sends what is under way.
func (s *socket) finishLocked() error {
	if len(s.rest) == 0 {
		return nil
	}
	before := s.torn.Swap(true)
	n, err := s.writeAll(s.rest)
	s.noteTaken(n)
	if s.rest = s.rest[n:]; err != nil {
		s.torn.Store(before || n > 0)
		return err
	}
	s.torn.Store(false)
	s.unloadLocked()
	return nil
}

// unloadLocked releases what has been sent.
func (s *socket) unloadLocked() {
	now := time.Now()
	for i, m := range s.batch {
		if !m.Queued.IsZero() {
			s.delay.Observe(now.Sub(m.Queued).Seconds())
		}
		m.Release()
		s.batch[i] = nil
	}
	s.rest, s.batch = nil, s.batch[:0]
	if cap(s.batch) > maxKeptBatch {
		s.batch = nil
	}
	if s.burst != nil && s.burst.Cap() <= maxPooledBurst {
		s.burst.Reset()
		burstPool.Put(s.burst)
	}
	s.burst = nil
}

func (s *socket) noteTaken(n int) {
	if n > 0 {
		s.taken.Store(time.Now().UnixNano())
	}
}

// burst is how many bytes of messages go out in one system call: half of what the kernel takes for a connection.
const burst = 64 << 10

// maxKeptBatch is the longest batch whose list a connection keeps for the next one.
const maxKeptBatch = 16

var burstPool = sync.Pool{New: func() any { return bytes.NewBuffer(make([]byte, 0, 16<<10)) }}

// maxPooledBurst keeps one huge burst from staying in the pool for ever.
const maxPooledBurst = 256 << 10

// discardUntil reads and drops what the client still sends. Unread bytes would cause a reset, which could overtake the close
// frame just written.
func (s *socket) discardUntil(deadline time.Time) {
	if half, ok := s.Conn.Conn.(interface{ CloseWrite() error }); ok {
		_ = half.CloseWrite() // the connection is over either way
	}
	if s.SetReadDeadline(deadline) == nil {
		_, _ = io.Copy(io.Discard, s.Conn) // ends with the peer's close or at the deadline; both are expected
	}
}

// hijacker hands the WebSocket library a socket with small buffers in place of the server's connection.
type hijacker struct {
	http.ResponseWriter
	limits limits.Config
	delay  prometheus.Observer
	awake  *awake.Clock
	sock   *socket // set by Hijack
}

// Hijack implements http.Hijacker. Bytes that the client sent right after its handshake are kept.
func (h *hijacker) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, rw, err := http.NewResponseController(h.ResponseWriter).Hijack()
	if err != nil {
		return nil, nil, err
	}
	early, err := rw.Reader.Peek(rw.Reader.Buffered())
	if err != nil {
		return nil, nil, err
	}
	h.sock = newSocket(conn, h.limits, h.delay)
	h.sock.awake = h.awake
	src := io.MultiReader(bytes.NewReader(bytes.Clone(early)), h.sock)
	r := bufio.NewReaderSize(src, max(readBufferSize, len(early)))
	if _, err := r.Peek(len(early)); err != nil {
		return nil, nil, err
	}
	return h.sock, bufio.NewReadWriter(r, bufio.NewWriterSize(h.sock, writeBufferSize)), nil
}
