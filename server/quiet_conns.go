package server

import (
	"container/list"
	"context"
	"net"
	"net/http"
	"sync"

	"voicerelay/relay/delivery"
)

// leastUnasked is how many connections without a request a listener keeps at least, over all clients: those that have not
// asked yet, TLS handshakes included, and those that wait for their next request. It is enough for what thousands of HTTP
// clients keep open, and less memory than their requests take.
const leastUnasked = 4096

// quietConns bounds the connections of one listener that have no request. They need no key, and come as fast as anybody
// likes; where there are too many, the one that has been quiet for longest is cut, since an honest client asks at once. It
// is safe for concurrent use.
type quietConns struct {
	// Static after newQuietConns.
	srv *Server

	mu    sync.Mutex // guards what follows
	known map[net.Conn]*list.Element
	order *list.List // of net.Conn; the one that has been quiet for longest is in front
}

// BoundConns bounds the connections of an http.Server that has one of the relay's handlers: what each keeps in the kernel, and
// how many have no request.
func (srv *Server) BoundConns(server *http.Server) {
	q := srv.newQuietConns()
	server.ConnState = q.note
	server.ConnContext = func(ctx context.Context, conn net.Conn) context.Context {
		delivery.BoundKernelBuffers(conn)
		return context.WithValue(ctx, connKey{}, conn)
	}
	server.Handler = q.unquiet(server.Handler)
}

func (srv *Server) newQuietConns() *quietConns {
	return &quietConns{srv: srv, known: make(map[net.Conn]*list.Element), order: list.New()}
}

// connKey is the key of a request's connection in its context.
type connKey struct{}

// unquiet takes note of requests that have come whole. A connection that the server calls active may have sent one byte of
// its header.
func (q *quietConns) unquiet(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if conn, ok := r.Context().Value(connKey{}).(net.Conn); ok {
			q.changed(conn, false)
		}
		next.ServeHTTP(w, r)
	})
}

func (q *quietConns) note(conn net.Conn, state http.ConnState) {
	if state == http.StateActive {
		return
	}
	if cut := q.changed(conn, state == http.StateNew || state == http.StateIdle); cut != nil {
		q.srv.metrics.QuietCut.Inc()
		_ = delivery.ResetConn(cut) // its server notices
	}
}

// changed notes whether a connection is quiet, and returns the one to cut, or nil.
func (q *quietConns) changed(conn net.Conn, quiet bool) (cut net.Conn) {
	most := max(leastUnasked, q.srv.gate.Most()) // all who may connect may come at once
	q.mu.Lock()
	defer q.mu.Unlock()
	if e := q.known[conn]; e != nil {
		q.order.Remove(e)
		delete(q.known, conn)
	}
	if !quiet {
		return nil
	}
	q.known[conn] = q.order.PushBack(conn)
	if len(q.known) <= most {
		return nil
	}
	cut = q.order.Remove(q.order.Front()).(net.Conn)
	delete(q.known, cut)
	return cut
}
