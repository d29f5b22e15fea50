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

// client dials the listener, whatever the address.
func (l *listener) client() *http.Client {
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) { return l.dial(ctx) }
	return &http.Client{Transport: &http.Transport{DialContext: dial, DisableKeepAlives: true}}
}
