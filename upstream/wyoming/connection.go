package wyoming

import (
	"context"
	"net"
	"sync"
	"time"

	"voicerelay/awake"
	"voicerelay/upstream"
)

const (
	// waiting is how many events may wait for a connection's writer: a stream has two pieces under way at most.
	waiting = 64
	// writePatience is how long a server may leave an event untaken.
	writePatience = 5 * time.Second
)

// connection is one to a server, with its reader and writer.
type connection struct {
	// Static after newConnection.
	conn net.Conn
	out  chan []byte   // never closed
	over chan struct{} // closed by fail

	// Guarded by mu.
	mu     sync.Mutex
	reason *upstream.Error // why it ended
	of     listener        // the stream that has it; nil: none
	idle   time.Time       // since when it has none
}

// listener is a stream, as its connection knows it. Its methods are called by the connection's reader.
type listener interface {
	take(e *event) *upstream.Error // whose error ends the connection
	lost(reason *upstream.Error)   // the connection has ended
}

func newConnection(conn net.Conn) *connection {
	return &connection{conn: conn, out: make(chan []byte, waiting), over: make(chan struct{}), idle: time.Now()}
}

// send queues an event. ctx bounds the wait for room. Where the connection has ended the error is nil: the listener is told.
func (c *connection) send(ctx context.Context, event []byte) error {
	select {
	case c.out <- event:
		return nil
	case <-c.over:
		return nil
	case <-ctx.Done():
		return &upstream.Error{Kind: upstream.Canceled, Message: "cancelled while waiting to send", Err: context.Cause(ctx)}
	}
}

// fail ends the connection. The first reason counts.
func (c *connection) fail(reason *upstream.Error) {
	c.mu.Lock()
	first := c.reason == nil
	if first {
		c.reason = reason
		close(c.over)
	}
	c.mu.Unlock()
	if first {
		_ = c.conn.Close() // it is being given up: how that goes is of no interest
	}
}

// give gives the connection to a stream, nil to none. It reports false where it has ended: then no stream hears of that by it.
func (c *connection) give(to listener) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.reason != nil {
		return false
	}
	c.of, c.idle = to, time.Now()
	return true
}

// state is who has the connection, since when nobody does where nobody does, and why it has ended.
func (c *connection) state() (of listener, idle time.Time, reason *upstream.Error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.of, c.idle, c.reason
}

// run reads until the connection ends, and then tells the stream. Its goroutines are gone when it returns.
func (c *connection) run(clock *awake.Clock) *upstream.Error {
	var wg sync.WaitGroup
	wg.Go(func() { c.write(clock) })
	r := newReader(c.conn)
	for {
		e, fault := r.next()
		if fault == nil {
			fault = c.take(&e)
		}
		if fault != nil {
			c.fail(fault)
			break
		}
	}
	wg.Wait()
	of, _, reason := c.state()
	if of != nil {
		of.lost(reason)
	}
	return reason
}

// take gives an event to the stream that has the connection.
func (c *connection) take(e *event) *upstream.Error {
	of, _, _ := c.state()
	switch {
	case of != nil:
		return of.take(e)
	case e.kind == other:
		return nil
	}
	return unasked.Error("") // the next stream would take it for its own
}

// write sends what is queued.
func (c *connection) write(clock *awake.Clock) {
	late := clock.AfterFunc(writePatience, func() { c.fail(stuck.Error("")) })
	late.Stop()
	for {
		select {
		case <-c.over:
			return
		case event := <-c.out:
			late.Reset(writePatience)
			_, err := c.conn.Write(event)
			late.Stop()
			if err != nil {
				return // the reader finds out why, since no server closes only what it reads
			}
		}
	}
}
