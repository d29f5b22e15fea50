package vendorsocket

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/coder/websocket"

	"voicerelay/awake"
	"voicerelay/upstream"
)

// SocketConfig bounds a vendor socket. A zero field has the value named with it.
type SocketConfig struct {
	// HTTP dials: a client of this socket's own.
	HTTP *http.Client
	// Awake is the clock that the times below are measured by: nil for one that nothing stops.
	Awake *awake.Clock
	// Handshake bounds connecting, TLS included: 10 s.
	Handshake time.Duration
	// Write bounds how long the vendor may leave a frame untaken: 5 s.
	Write time.Duration
	// Ping is how often the vendor must answer a ping, 15 s, and Pong how long it has to: 10 s.
	Ping, Pong time.Duration
	// KeepAlive is how often each stream's keep-alive goes out: never.
	KeepAlive time.Duration
	// Subprotocols are offered in the handshake, best first: none. The vendor need not take any.
	Subprotocols []string
	// RequestIDHeader is the header of a handshake's answer in which the vendor names the connection: none.
	RequestIDHeader string
	// ReadLimit is the longest frame in bytes: 4 MiB.
	ReadLimit int64
	// Binary: what is sent are binary frames rather than text.
	Binary bool
}

// withDefaults has the documented values in place of zeros.
func (c SocketConfig) withDefaults() SocketConfig {
	for _, d := range []struct {
		field *time.Duration
		value time.Duration
	}{
		{&c.Handshake, handshakePatience},
		{&c.Write, 5 * time.Second},
		{&c.Ping, 15 * time.Second},
		{&c.Pong, 10 * time.Second},
	} {
		if *d.field == 0 {
			*d.field = d.value
		}
	}
	if c.ReadLimit == 0 {
		c.ReadLimit = maxFrame
	}
	if c.HTTP == nil {
		c.HTTP = newClient(c.Handshake)
	}
	return c
}

// What bounds a socket where the adapter says nothing.
const (
	handshakePatience = 10 * time.Second
	// maxFrame is beyond what any vendor sends at once: half a minute of audio at 48 kHz, as base64.
	maxFrame = 4 << 20
)

const (
	// batches is how many sends may wait for a socket's writer: a stream has two pieces under way at most.
	batches = 64
	// keptBuffer is the largest read buffer that is kept for the next frame.
	keptBuffer = 256 << 10
	// readersWord is how long after a failed write the reader may still find out why.
	readersWord = time.Second
)

// Socket is one WebSocket to a vendor. It lives under its own lifetime: no caller's context reaches its reads
// and writes, since the library closes a connection when the context of one ends.
type Socket struct {
	// Static after Dial.
	cfg  SocketConfig
	conn *websocket.Conn
	out  chan [][]byte // never closed
	over chan struct{} // closed by fail
	name string        // the vendor's own of the connection, of the handshake or the greeting; empty: none

	// Static after greet.
	greeting []byte        // the frame by which streams may speak; nil: none
	life     time.Duration // for which they may begin, by the greeting; 0: it says nothing of that

	frames atomic.Int64 // that the vendor has sent
	pongs  atomic.Int64 // pings that it has answered

	// Guarded by mu.
	mu      sync.Mutex
	reason  *upstream.Error // why it ended, set before over is closed
	probing bool            // Probe waits for an answer

	// Owned by Run.
	buf   []byte
	stuck *awake.Timer   // the writer's, fires where the vendor leaves a frame untaken
	wg    sync.WaitGroup // writer, pinger and probe; a probe begins under mu, while there is no reason
}

// Send queues frames, which go out together and in order. ctx bounds the wait for room only: where there is
// room they go out even if it has ended, so that a vendor is always told to stop. A nil error does not say that the
// vendor got them: Run's end tells where it did not.
func (s *Socket) Send(ctx context.Context, frames ...[]byte) error {
	select {
	case s.out <- frames:
		return nil
	default:
	}
	select {
	case s.out <- frames:
		return nil
	case <-s.over:
		return s.Reason()
	case <-ctx.Done():
		return &upstream.Error{Kind: upstream.Canceled, Message: "cancelled while waiting to send", Err: context.Cause(ctx)}
	}
}

// Fail ends the socket. The first reason counts.
func (s *Socket) Fail(reason *upstream.Error) {
	s.mu.Lock()
	first := s.reason == nil
	if first {
		s.reason = reason
		close(s.over)
	}
	s.mu.Unlock()
	if first {
		_ = s.conn.CloseNow() // it is being given up: how that goes is of no interest
	}
}

// Reason is why the socket ended, or nil while it has not.
func (s *Socket) Reason() *upstream.Error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.reason
}

// longFrame is the length of a frame after which others have their turn: it takes a millisecond to read where it is hard to. A
// vendor that sends such without end would else keep the processor for 10 ms each time, until the Go scheduler takes it away.
// Audio comes in far shorter frames, and giving way after a few of those costs throughput.
const longFrame = 64 << 10

// Run reads until the socket ends and returns why, with all of the socket's goroutines gone. It gives each frame
// to take, whose error ends the socket; the data is valid during the call only. beat gives the frames to send
// each cfg.KeepAlive, and closed says what the vendor's close means, by its code, -1 where there was none, and its reason.
func (s *Socket) Run(
	take func(binary bool, data []byte) *upstream.Error, beat func() [][]byte, closed func(code int, reason string) *upstream.Error,
) *upstream.Error {
	s.stuck = s.cfg.Awake.AfterFunc(s.cfg.Write, func() {
		s.Fail(stuck())
	})
	s.stuck.Stop()
	s.wg.Go(func() { s.write(beat) })
	s.wg.Go(s.ping)
	for {
		binary, data, err := s.read()
		if err != nil {
			s.Fail(lost(err, closed))
			break
		}
		s.frames.Add(1)
		if err := take(binary, data); err != nil {
			s.Fail(err)
			break
		}
		if len(data) >= longFrame {
			runtime.Gosched()
		}
	}
	s.wg.Wait()
	return s.Reason()
}

// read reads a frame into the socket's buffer.
func (s *Socket) read() (binary bool, data []byte, err error) {
	kind, r, err := s.conn.Reader(context.Background())
	if err != nil {
		return false, nil, err
	}
	if cap(s.buf) > keptBuffer {
		s.buf = nil
	}
	s.buf = s.buf[:0]
	for {
		if len(s.buf) == cap(s.buf) {
			s.buf = append(s.buf, make([]byte, max(bytes.MinRead, cap(s.buf)))...)[:len(s.buf)]
		}
		n, err := r.Read(s.buf[len(s.buf):cap(s.buf)])
		s.buf = s.buf[:len(s.buf)+n]
		if err == io.EOF { // a bare io.EOF is the frame's end; a wrapped one is the connection's
			return kind == websocket.MessageBinary, s.buf, nil
		}
		if err != nil {
			return false, nil, err
		}
	}
}

// lost says why reading failed.
func lost(err error, closed func(code int, reason string) *upstream.Error) *upstream.Error {
	if errors.Is(err, websocket.ErrMessageTooBig) {
		return &upstream.Error{Kind: upstream.Garbled, Message: "the vendor sent a frame that is too long"}
	}
	var told websocket.CloseError
	if !errors.As(err, &told) {
		return closed(-1, "")
	}
	return closed(int(told.Code), told.Reason)
}

// write sends what is queued, and keep-alives between.
func (s *Socket) write(beat func() [][]byte) {
	var due <-chan time.Time
	if s.cfg.KeepAlive > 0 {
		ticker := time.NewTicker(s.cfg.KeepAlive)
		defer ticker.Stop()
		due = ticker.C
	}
	for {
		var frames [][]byte
		select {
		case <-s.over:
			return
		case frames = <-s.out:
		case <-due:
			// What is queued goes first: a keep-alive may depend on it.
			for frames = beat(); len(s.out) > 0; frames = beat() {
				if !s.put(<-s.out) {
					return
				}
			}
		}
		if !s.put(frames) {
			return
		}
	}
}

// put writes frames, and reports false where that ends the socket.
func (s *Socket) put(frames [][]byte) bool {
	for _, frame := range frames {
		s.stuck.Reset(s.cfg.Write)
		err := s.conn.Write(context.Background(), s.kind(), frame)
		s.stuck.Stop()
		if err != nil {
			s.unwritable()
			return false
		}
	}
	return true
}

// kind is of the frames that are sent.
func (s *Socket) kind() websocket.MessageType {
	if s.cfg.Binary {
		return websocket.MessageBinary
	}
	return websocket.MessageText
}

// unwritable ends a socket that a write failed on. The reader is left a moment to find the vendor's close code,
// which says more.
func (s *Socket) unwritable() {
	timer := time.NewTimer(readersWord)
	defer timer.Stop()
	select {
	case <-s.over:
	case <-timer.C:
		s.Fail(&upstream.Error{Kind: upstream.Dropped, Message: "connection lost"})
	}
}

// stuck is the error of a socket that has had no room for too long.
func stuck() *upstream.Error {
	return &upstream.Error{Kind: upstream.Dropped, Message: "the vendor takes no data"}
}

// ping finds out connections that died without a word.
func (s *Socket) ping() {
	ticker := time.NewTicker(s.cfg.Ping)
	defer ticker.Stop()
	for {
		select {
		case <-s.over:
			return
		case <-ticker.C:
		}
		switch answered, err := s.pingOnce(s.cfg.Pong); {
		case err == nil:
		case answered:
			s.unwritable()
			return
		default:
			s.Fail(errNoPong)
			return
		}
	}
}

// errNoPong ends a socket whose vendor answers no ping.
var errNoPong = &upstream.Error{Kind: upstream.Dropped, Message: "the vendor answers no ping"}

// pingOnce sends a ping. answered is false where nothing came of it in time.
func (s *Socket) pingOnce(patience time.Duration) (answered bool, err error) {
	ctx, cancel := s.cfg.Awake.WithTimeout(context.Background(), patience)
	defer cancel()
	if err = s.conn.Ping(ctx); err == nil {
		s.pongs.Add(1)
	}
	return ctx.Err() == nil, err
}

// probePatience is how long a vendor has to answer a ping while there is reason to take its socket for dead: some round trips
// around the world.
const probePatience = 2 * time.Second

// Probe ends the socket soon if its vendor answers no ping and sends nothing else either. Run must have been called.
func (s *Socket) Probe() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.reason != nil || s.probing {
		return
	}
	s.probing = true
	before := s.frames.Load()
	s.wg.Go(func() {
		answered, _ := s.pingOnce(min(probePatience, s.cfg.Pong)) // a ping that can't be written is the pinger's to tell
		if !answered && s.frames.Load() == before {
			s.Fail(errNoPong)
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		s.probing = false
	})
}
