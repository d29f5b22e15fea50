package upstreamtest

import (
	"context"
	"net"
	"net/http"
	"sync"
	"time"
)

// Serve serves a handler in memory, such as an emulator within a synctest bubble, where real sockets can't be waited
// for. The client reaches it at any address. stop waits until the server has ended; hijacked connections are the
// handler's.
func Serve(h http.Handler) (client *http.Client, stop func()) {
	l := &listener{conns: make(chan net.Conn), over: make(chan struct{})}
	server := &http.Server{Handler: h, ReadHeaderTimeout: time.Minute}
	var wg sync.WaitGroup
	wg.Go(func() { _ = server.Serve(l) }) // ends with ErrServerClosed
	stop = func() {
		_ = server.Close() // its connections are in memory
		wg.Wait()
	}
	return l.client(), stop
}

// listener hands over pipes.
type listener struct {
	conns chan net.Conn
	over  chan struct{}
	once  sync.Once
}

func (l *listener) dial(ctx context.Context) (net.Conn, error) {
	ours, theirs := net.Pipe()
	select {
	case l.conns <- theirs:
		return ours, nil
	case <-l.over:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// Accept waits for the next pipe.
func (l *listener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.over:
		return nil, net.ErrClosed
	}
}

func (l *listener) close() { l.once.Do(func() { close(l.over) }) }

// Close ends Accept.
func (l *listener) Close() error { l.close(); return nil }

// Addr is of no use.
func (l *listener) Addr() net.Addr { return &net.UnixAddr{Name: "memory", Net: "unix"} }

// client dials the listener, whatever the address.
func (l *listener) client() *http.Client {
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) { return l.dial(ctx) }
	return &http.Client{Transport: &http.Transport{DialContext: dial, DisableKeepAlives: true}}
}
