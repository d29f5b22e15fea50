package tests

import (
	"io"
	"net"
	"sync"
	"testing"
)

// A switchboard is an address behind which the server changes, as a name does in a failover.
type switchboard struct {
	listener net.Listener
	group    sync.WaitGroup

	mu     sync.Mutex // guards what follows
	server string
	lines  map[net.Conn]struct{} // both ends of all that are open
}

// newSwitchboard listens until the test ends.
func newSwitchboard(t *testing.T) *switchboard {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	b := &switchboard{listener: listener, lines: map[net.Conn]struct{}{}}
	b.group.Go(b.accept)
	t.Cleanup(func() {
		_ = listener.Close() // which ends accept
		b.connect("")
		b.group.Wait()
	})
	return b
}

func (b *switchboard) address() string { return b.listener.Addr().String() }

// connect has all connections from now on go to a server, and breaks those that there are. With none, all are refused.
func (b *switchboard) connect(server string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.server = server
	for line := range b.lines {
		_ = line.Close() // it may have broken by itself
	}
	clear(b.lines)
}

func (b *switchboard) accept() {
	for {
		in, err := b.listener.Accept()
		if err != nil {
			return
		}
		b.group.Go(func() { b.serve(in) })
	}
}

// serve carries one connection until either end closes.
func (b *switchboard) serve(in net.Conn) {
	defer in.Close()
	out, ok := b.dial(in)
	if !ok {
		return
	}
	defer out.Close()
	var back sync.WaitGroup
	back.Go(func() {
		_, _ = io.Copy(in, out) // how it broke is for the ends to say
		_ = in.Close()
	})
	_, _ = io.Copy(out, in)
	_ = out.Close()
	back.Wait()
	b.mu.Lock()
	delete(b.lines, in)
	delete(b.lines, out)
	b.mu.Unlock()
}

// dial connects to the server of this moment.
func (b *switchboard) dial(in net.Conn) (net.Conn, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.server == "" {
		return nil, false
	}
	out, err := net.DialTimeout("tcp", b.server, deadline)
	if err != nil {
		return nil, false
	}
	b.lines[in], b.lines[out] = struct{}{}, struct{}{}
	return out, true
}
