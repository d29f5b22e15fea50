package emulator

import (
	"context"
	"errors"
	"io"
	"net"
	"net/url"
	"sync"
	"time"
)

// breakOffAfter is how much a vendor of the demo may send before it breaks off: some words, which it sends faster than they are heard.
const breakOffAfter = 150 << 10

// connectPatience bounds a connection to an emulator of the same process.
const connectPatience = 5 * time.Second

// Trouble stands before an emulated vendor, and can break its connections off in mid-speech. It is safe for concurrent use.
type Trouble struct {
	// Static after NewTrouble.
	listener net.Listener
	target   string

	mu      sync.Mutex // guards what follows
	failing bool
	open    map[net.Conn]struct{}
	over    bool

	wg sync.WaitGroup // every goroutine
}

// NewTrouble stands before the vendor at an address, and returns its own.
func NewTrouble(at string) (t *Trouble, address string, err error) {
	target, err := url.Parse(at)
	if err != nil {
		return nil, "", err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, "", err
	}
	t = &Trouble{listener: listener, target: target.Host, open: make(map[net.Conn]struct{})}
	t.wg.Go(t.accept)
	target.Host = listener.Addr().String()
	return t, target.String(), nil
}

// Fail has the vendor break off from now on, or no longer.
func (t *Trouble) Fail(on bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.failing = on
}

// Failing reports whether it does.
func (t *Trouble) Failing() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.failing
}

// Close ends all connections, and returns once nothing runs.
func (t *Trouble) Close(context.Context) error {
	err := t.listener.Close()
	t.mu.Lock()
	t.over = true
	for conn := range t.open {
		_ = conn.Close() // it may be closed already
	}
	t.mu.Unlock()
	t.wg.Wait()
	return err
}

func (t *Trouble) accept() {
	for {
		conn, err := t.listener.Accept()
		if err != nil {
			return // it is closed
		}
		t.wg.Go(func() { t.pass(conn) })
	}
}

// pass passes on what client and vendor say until one of them ends.
func (t *Trouble) pass(client net.Conn) {
	defer t.forget(client)
	vendor, err := net.DialTimeout("tcp", t.target, connectPatience)
	if err != nil || !t.keep(client, vendor) {
		_ = client.Close() // the vendor can't be reached, or the demo is over
		return
	}
	defer t.forget(vendor)
	t.wg.Go(func() {
		_, _ = io.Copy(vendor, client) // ends with either
		_ = vendor.Close()
	})
	_, _ = io.Copy(client, &breaking{t: t, vendor: vendor})
	_ = client.Close()
}

// keep notes connections, so that Close ends them; false: it has been called.
func (t *Trouble) keep(conns ...net.Conn) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, c := range conns {
		if t.over {
			_ = c.Close()
			continue
		}
		t.open[c] = struct{}{}
	}
	return !t.over
}

func (t *Trouble) forget(conn net.Conn) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.open, conn)
	_ = conn.Close()
}

var errBrokenOff = errors.New("broken off")

// breaking reads what a vendor says, up to where it breaks off.
type breaking struct {
	t      *Trouble
	vendor net.Conn
	said   int // since the vendor fails
}

// Read implements io.Reader.
func (b *breaking) Read(p []byte) (int, error) {
	n, err := b.vendor.Read(p)
	if !b.t.Failing() {
		b.said = 0
		return n, err
	}
	if b.said += n; b.said > breakOffAfter {
		return 0, errBrokenOff
	}
	return n, err
}
