package vendorhttp

import (
	"context"
	"net"
	"sync"
)

// connections are those that are open.
type connections struct {
	dial func(ctx context.Context, network, address string) (net.Conn, error)

	mu     sync.Mutex // guards what follows
	open   map[*connection]struct{}
	closed bool
}

// connection is one of them.
type connection struct {
	net.Conn
	of *connections
}

// add dials a connection.
func (cs *connections) add(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := cs.dial(ctx, network, address)
	if err != nil {
		return nil, err
	}
	c := &connection{conn, cs}
	cs.mu.Lock()
	defer cs.mu.Unlock()
	if cs.closed {
		_ = conn.Close() // nothing was sent on it
		return nil, net.ErrClosed
	}
	cs.open[c] = struct{}{}
	return c, nil
}

// Close ends the connection.
func (c *connection) Close() error {
	c.of.mu.Lock()
	delete(c.of.open, c)
	c.of.mu.Unlock()
	return c.Conn.Close()
}

// count is how many are open.
func (cs *connections) count() int {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	return len(cs.open)
}

// close ends all, and lets none be opened any more.
func (cs *connections) close() {
	cs.mu.Lock()
	cs.closed = true
	var all []*connection
	for c := range cs.open {
		all = append(all, c)
	}
	cs.mu.Unlock()
	for _, c := range all {
		_ = c.Close() // no request is on it
	}
}
