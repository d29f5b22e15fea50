package upstreamtest

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"sync"
	"sync/atomic"

	"github.com/coder/websocket"
)

// Wire is what carries a vendor's words.
type Wire string

// The wires that there are.
const (
	OverWebSocket Wire = ""
	OverHTTP      Wire = "http" // each request has an answer
	OverTCP       Wire = "tcp"  // a bare connection
)

// URL is the base address at which a Vendor is reached through its Client.
const URL = "ws://vendor.test"

// URL is the base address of a vendor on that wire.
func (w Wire) URL() string {
	switch w {
	case OverHTTP:
		return "http://vendor.test"
	case OverTCP:
		return "tcp://vendor.test:10200"
	}
	return URL
}

// odd are addresses that an adapter of that wire can't be opened with.
func (w Wire) odd() []string {
	switch w {
	case OverHTTP:
		return []string{"", "ws://api", "http://", "https:// bad", "https://", "https://%zz", "api.example.com"}
	case OverTCP:
		return []string{"", "http://api", "tcp://", "tcp:// bad", "tcp://%zz", "api.example.com"}
	}
	return []string{"", "https://api", "ws://", "wss:// bad", "wss://", "wss://%zz", "api.example.com"}
}

// carrier carries what a Conn says and hears.
type carrier interface {
	// read is the client's next frame. It fails once the client has gone, or this side has ended it.
	read() ([]byte, error)
	// write says something. A client that is gone is not the script's business.
	write(frame []byte, binary bool)
	close(code int)
	// drop ends it without a word, and end as it ends when the script has nothing more to say.
	drop()
	end()
}

// socket is a WebSocket.
type socket struct{ *websocket.Conn }

func (s socket) read() ([]byte, error) {
	_, frame, err := s.Read(context.Background())
	return frame, err
}

func (s socket) write(frame []byte, binary bool) {
	kind := websocket.MessageText
	if binary {
		kind = websocket.MessageBinary
	}
	_ = s.Write(context.Background(), kind, frame)
}

func (s socket) close(code int) { _ = s.Close(websocket.StatusCode(code), vendorText) }
func (s socket) drop()          { _ = s.CloseNow() }
func (s socket) end()           { s.drop() }

// answer is that to a request.
type answer struct {
	w    http.ResponseWriter
	r    *http.Request
	over chan struct{}
	once sync.Once

	broken atomic.Bool

	asked bool // the request's body has been read; owned by read
}

var errOver = errors.New("over")

func (a *answer) read() ([]byte, error) {
	if !a.asked {
		a.asked = true
		return io.ReadAll(a.r.Body)
	}
	select {
	case <-a.r.Context().Done():
	case <-a.over:
	}
	return nil, errOver
}

func (a *answer) write(frame []byte, _ bool) {
	_, _ = a.w.Write(frame)
	_ = http.NewResponseController(a.w).Flush()
}

func (a *answer) close(int) { a.drop() }

// drop has the script's goroutine break the connection off once it returns: nobody else may touch an answer.
func (a *answer) drop() {
	a.once.Do(func() {
		a.broken.Store(true)
		close(a.over)
	})
}

func (a *answer) end() {
	a.once.Do(func() { close(a.over) })
	if !a.broken.Load() {
		return
	}
	if conn, _, err := http.NewResponseController(a.w).Hijack(); err == nil {
		_ = conn.Close()
	}
}

// aborted reports whether the client has gone before the answer's end.
func (a *answer) aborted() bool { return a.r.Context().Err() != nil }

// bare is a connection of the vendor's own protocol.
type bare struct {
	net.Conn
	from *bufio.Reader
	next func(*bufio.Reader) ([]byte, error)
}

func (b bare) read() ([]byte, error) { return b.next(b.from) }

// write sends a frame as it is, or as a line.
func (b bare) write(frame []byte, binary bool) {
	if !binary {
		frame = append(frame[:len(frame):len(frame)], '\n')
	}
	_, _ = b.Write(frame)
}

func (b bare) close(int) { b.drop() }
func (b bare) drop()     { _ = b.Close() }
func (b bare) end()      { b.drop() }
