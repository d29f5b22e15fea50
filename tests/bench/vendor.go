package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/coder/websocket"

	"voicerelay/tcp"
)

const handshakePatience = 10 * time.Second

// realTime is the pace of a person.
const realTime = 1

// vendor speaks just enough of KugelAudio's /ws/tts/multi, at a pace of its own.
type vendor struct {
	// Static after startVendor.
	clock  clock
	every  time.Duration // from one frame of a context to the next; 0: as fast as they go
	spoken utterances
	url    string
	server *http.Server
	life   context.Context // the sockets' own
	end    context.CancelFunc

	served   chan struct{} // closed once the listener's goroutine has ended
	serveErr error         // why; read after served

	// Guarded by mu.
	mu     sync.Mutex
	closed bool

	wg sync.WaitGroup // sockets; grows only under mu while not closed
}

// startVendor listens on a free loopback port. It sends so many seconds of audio in a second; 0: as many as it can.
func startVendor(c clock, pace float64) (*vendor, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("start the vendor: %w", err)
	}
	v := &vendor{
		clock:  c,
		url:    "ws://" + listener.Addr().String(),
		served: make(chan struct{}),
		spoken: utterances{spoken: make(map[int][]*utterance)},
	}
	if pace > 0 {
		v.every = time.Duration(float64(frameEvery) / pace)
	}
	v.life, v.end = context.WithCancel(context.Background())
	v.server = &http.Server{Handler: http.HandlerFunc(v.accept), ReadHeaderTimeout: handshakePatience}
	go func() { // close waits for it
		defer close(v.served)
		v.serveErr = v.server.Serve(listener)
	}()
	return v, nil
}

// close ends all sockets and waits for every goroutine. It may be called twice.
func (v *vendor) close() error {
	v.mu.Lock()
	v.closed = true
	v.mu.Unlock()
	v.end()
	err := v.server.Close()
	v.wg.Wait()
	<-v.served
	if !errors.Is(v.serveErr, http.ErrServerClosed) {
		err = errors.Join(err, v.serveErr)
	}
	return err
}

// enter counts a socket in, unless the vendor is closed.
func (v *vendor) enter() bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	if !v.closed {
		v.wg.Add(1)
	}
	return !v.closed
}

func (v *vendor) accept(w http.ResponseWriter, r *http.Request) {
	if !v.enter() {
		return
	}
	defer v.wg.Done()
	h := &hijacked{ResponseWriter: w}
	conn, err := websocket.Accept(h, r, nil)
	if err != nil {
		return // refused by the library, which has answered
	}
	s := &vendorSocket{
		vendorLine: vendorLine{clock: v.clock, every: v.every, spoken: &v.spoken, conn: h.conn},
		ws:         conn, contexts: make(map[string]*vendorContext),
	}
	s.run(v.life)
}

// speech is how much of it the vendor speaks in a time, at least: each piece that a text is cut into loses up to two
// frames to rounding.
func (v *vendor) speech(d time.Duration) time.Duration {
	if v.every == 0 {
		return d
	}
	const forPieces = 1.1
	return time.Duration(forPieces * float64(d) * float64(frameEvery) / float64(v.every))
}

// hijacked keeps hold of the connection beneath the WebSocket library, to which whole frames are written.
type hijacked struct {
	http.ResponseWriter
	conn net.Conn // set by Hijack
}

// Hijack implements http.Hijacker.
func (h *hijacked) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	plain, rw, err := http.NewResponseController(h.ResponseWriter).Hijack()
	if err != nil {
		return nil, nil, err
	}
	conn := tcp.New(plain)
	conn.SetPatience(writePatience)
	h.conn = conn
	return conn, rw, nil
}
