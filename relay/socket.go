package relay

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// Sizes of the library's own buffers on a client connection. They stay small because an idle connection keeps
// them: a burst of frames is gathered in a pooled buffer that exists only while the writer is at work.
const (
	readBufferSize  = 1024
	writeBufferSize = 512
)

// Bounds on what the kernel holds for a client that stops reading: what lies there no cancel recalls.
const (
	sendBuffer    = 128 << 10 // bytes sent or to be sent
	unsentAllowed = 16 << 10  // bytes not yet sent, of which a quarter of a second of audio fits
)

// socket is a client's connection beneath the WebSocket library. It lets the one writer gather several
// frames into one system call, notes when the client last took bytes, and gives up on a client that takes none.
type socket struct {
	net.Conn
	patience atomic.Int64 // nanoseconds for which a write may make no progress
	taken    atomic.Int64 // unix nanoseconds at which the kernel last took bytes

	mu     sync.Mutex
	corked bool
	buf    *bytes.Buffer // what has been gathered; nil while nothing is
}

var burstPool = sync.Pool{New: func() any { return bytes.NewBuffer(make([]byte, 0, 16<<10)) }}

// maxPooledBurst keeps one huge burst from staying in the pool for ever.
const maxPooledBurst = 256 << 10

func newSocket(conn net.Conn, patience time.Duration) *socket {
	s := &socket{Conn: conn}
	s.patience.Store(int64(patience))
	s.taken.Store(time.Now().UnixNano())
	boundKernelBuffers(conn)
	return s
}

// BoundConn keeps small what a client that stops reading leaves in the kernel. It is for the ConnContext of the server
// that has the relay's handler, which itself never sees the connection of a request.
func BoundConn(ctx context.Context, conn net.Conn) context.Context {
	boundKernelBuffers(conn)
	return ctx
}

// hurry shortens the patience of later writes.
func (s *socket) hurry(patience time.Duration) { s.patience.Store(int64(patience)) }

// cork makes writes gather until uncork sends them. Only the session's writer calls it.
func (s *socket) cork() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.corked = true
}

// uncork sends what has been gathered.
func (s *socket) uncork() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.corked = false
	buf := s.buf
	s.buf = nil
	if buf == nil {
		return nil
	}
	_, err := s.sendLocked(buf.Bytes())
	if buf.Cap() <= maxPooledBurst {
		buf.Reset()
		burstPool.Put(buf)
	}
	return err
}

// Write sends p, or gathers it while corked.
func (s *socket) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.corked {
		return s.sendLocked(p)
	}
	if s.buf == nil {
		s.buf = burstPool.Get().(*bytes.Buffer)
	}
	return s.buf.Write(p)
}

// sendLocked writes all of p. A slow client is waited for as long as it takes anything at all within patience.
func (s *socket) sendLocked(p []byte) (int, error) {
	sent := 0
	for {
		if err := s.SetWriteDeadline(time.Now().Add(time.Duration(s.patience.Load()))); err != nil {
			return sent, err
		}
		n, err := s.Conn.Write(p[sent:])
		sent += n
		if n > 0 {
			s.taken.Store(time.Now().UnixNano())
		}
		if err == nil || n == 0 || !errors.Is(err, os.ErrDeadlineExceeded) {
			return sent, err
		}
	}
}

// discardUntil reads and forgets what the client still sends, so that a close frame just written is not
// lost to the reset that unread bytes would cause.
func (s *socket) discardUntil(deadline time.Time) {
	if half, ok := s.Conn.(interface{ CloseWrite() error }); ok {
		_ = half.CloseWrite() // the connection is over either way
	}
	if s.SetReadDeadline(deadline) == nil {
		_, _ = io.Copy(io.Discard, s.Conn) // ends with the peer's close or at the deadline; both are expected
	}
}

// hijacker hands the WebSocket library a socket with small buffers in place of the server's connection.
type hijacker struct {
	http.ResponseWriter
	patience time.Duration
	sock     *socket // set by Hijack
}

// Hijack implements http.Hijacker. Bytes that the client sent behind its handshake are kept.
func (h *hijacker) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, rw, err := http.NewResponseController(h.ResponseWriter).Hijack()
	if err != nil {
		return nil, nil, err
	}
	early, err := rw.Reader.Peek(rw.Reader.Buffered())
	if err != nil {
		return nil, nil, err
	}
	h.sock = newSocket(conn, h.patience)
	src := io.MultiReader(bytes.NewReader(bytes.Clone(early)), h.sock)
	r := bufio.NewReaderSize(src, max(readBufferSize, len(early)))
	if _, err := r.Peek(len(early)); err != nil {
		return nil, nil, err
	}
	return h.sock, bufio.NewReadWriter(r, bufio.NewWriterSize(h.sock, writeBufferSize)), nil
}
