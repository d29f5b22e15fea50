package relay

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"voicerelay/tcp"
)

// Sizes of the library's own buffers on a client connection, for what clients send and for control frames. They stay
// small because an idle connection keeps them.
const (
	readBufferSize  = 512
	writeBufferSize = 160
)

// Bounds on what the kernel holds for a client that stops reading: what lies there no cancel recalls.
const (
	sendBuffer    = 128 << 10 // bytes sent or to be sent
	unsentAllowed = 16 << 10  // bytes not yet sent, of which a quarter of a second of audio fits
)

// socket is a client's connection beneath the WebSocket library, and beside it: data frames are written here, by the
// session's one writer. It notes when the client last took bytes, and gives up on a client that takes none.
type socket struct {
	*tcp.Conn
	taken atomic.Int64 // unix nanoseconds at which the kernel last took bytes
}

func newSocket(conn net.Conn, patience time.Duration) *socket {
	s := &socket{Conn: tcp.New(conn)}
	s.SetPatience(patience)
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

// Write sends p. A slow client is waited for as long as it takes anything at all within the patience.
func (s *socket) Write(p []byte) (int, error) {
	n, err := s.Conn.Write(p)
	if n > 0 {
		s.taken.Store(time.Now().UnixNano())
	}
	return n, err
}

var burstPool = sync.Pool{New: func() any { return bytes.NewBuffer(make([]byte, 0, 16<<10)) }}

// maxPooledBurst keeps one huge burst from staying in the pool for ever.
const maxPooledBurst = 256 << 10

// send writes messages with one system call, without another copy where there is one message.
func (s *socket) send(batch []*message) error {
	if len(batch) == 1 {
		_, err := s.Write(batch[0].frame())
		return err
	}
	burst := burstPool.Get().(*bytes.Buffer)
	for _, m := range batch {
		burst.Write(m.frame()) // never fails
	}
	_, err := s.Write(burst.Bytes())
	if burst.Cap() <= maxPooledBurst {
		burst.Reset()
		burstPool.Put(burst)
	}
	return err
}

// discardUntil reads and forgets what the client still sends, so that a close frame just written is not
// lost to the reset that unread bytes would cause.
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
