package real_test

import (
	"context"
	"errors"
	"io"
	"math"
	"net"
	"sync"
	"testing"
	"time"

	"voicerelay/tests/process"
)

// line stands between a relay and an engine. It counts what the engine says, and kills it at a byte: connections break without a word,
// and new ones are refused, until it is mended.
type line struct {
	// Static after newLine.
	listener net.Listener
	target   string

	mu     sync.Mutex // guards what follows
	said   int        // bytes from the engine since it was mended
	dies   int        // after so many
	dying  func()     // called once it dies; nil: nothing is
	open   map[net.Conn]struct{}
	closed bool

	wg sync.WaitGroup // every goroutine
}

// newLine is a line to an address, which ends with the test.
func newLine(t *testing.T, target string) *line {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l := &line{listener: listener, target: target, dies: math.MaxInt, open: make(map[net.Conn]struct{})}
	l.wg.Go(l.accept)
	t.Cleanup(func() {
		_ = listener.Close()
		l.mu.Lock()
		l.closed = true
		l.breakAllLocked()
		l.mu.Unlock()
		l.wg.Wait()
	})
	return l
}

// address is where the line begins.
func (l *line) address() string { return l.listener.Addr().String() }

// killAfter has the engine die after so many bytes, and counts from here.
func (l *line) killAfter(bytes int, dying func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.said, l.dies, l.dying = 0, bytes, dying
}

// mend ends that, and says how much was said.
func (l *line) mend() (said int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	said = l.said
	l.said, l.dies, l.dying = 0, math.MaxInt, nil
	return said
}

func (l *line) accept() {
	for {
		conn, err := l.listener.Accept()
		if err != nil {
			return // it is closed
		}
		l.wg.Go(func() { l.pass(conn) })
	}
}

// pass passes on what both sides say until either ends.
func (l *line) pass(client net.Conn) {
	defer l.forget(client)
	if !l.keep(client) {
		return
	}
	engine, err := net.DialTimeout("tcp", l.target, time.Second)
	if err != nil || !l.keep(engine) {
		return
	}
	defer l.forget(engine)
	l.wg.Go(func() {
		_, _ = io.Copy(engine, client) // ends with either
		_ = engine.Close()
	})
	_, _ = io.Copy(client, mortal{l, engine})
}

// keep notes a connection. It reports false where the engine is dead.
func (l *line) keep(conn net.Conn) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed || l.said >= l.dies {
		return false
	}
	l.open[conn] = struct{}{}
	return true
}

func (l *line) forget(conn net.Conn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.open, conn)
	_ = conn.Close() // it may be closed already
}

// breakAllLocked breaks all connections as a killed process does: by a reset.
func (l *line) breakAllLocked() {
	for conn := range l.open {
		if tcp, ok := conn.(*net.TCPConn); ok {
			_ = tcp.SetLinger(0) // it may be closed already
		}
		_ = conn.Close()
	}
}

// mortal reads what an engine says, up to where it dies.
type mortal struct {
	line   *line
	engine net.Conn
}

var errDead = errors.New("the engine is dead")

// Read implements io.Reader.
func (m mortal) Read(p []byte) (int, error) {
	n, err := m.engine.Read(p)
	l := m.line
	l.mu.Lock()
	defer l.mu.Unlock()
	if left := l.dies - l.said; n >= left {
		l.said += n
		if l.dying != nil {
			l.dying()
			l.dying = nil
		}
		if left <= 0 {
			return 0, errDead
		}
		// What was said reaches the client, and then the connections break.
		n = left
		l.wg.Go(func() {
			time.Sleep(lastWords)
			l.mu.Lock()
			defer l.mu.Unlock()
			l.breakAllLocked()
		})
		return n, nil
	}
	l.said += n
	return n, err
}

// lastWords is how long bytes need that an engine said before it was killed: a reset overtakes what has not been read.
const lastWords = 50 * time.Millisecond

// awaitPort waits until something listens.
func awaitPort(t *testing.T, address string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), process.Deadline)
	defer cancel()
	for {
		conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
		if err == nil {
			_ = conn.Close()
			return
		}
		select {
		case <-ctx.Done():
			t.Fatalf("nothing listens on %s: %v", address, err)
		case <-time.After(50 * time.Millisecond):
		}
	}
}
