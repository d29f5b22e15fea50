package relay

import (
	"container/list"
	"net"
	"net/http"
	"sync"
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

// ConnState is for the ConnState of an http.Server that has one of the relay's handlers: one for each.
func (srv *Server) ConnState() func(net.Conn, http.ConnState) {
	q := &quietConns{srv: srv, known: make(map[net.Conn]*list.Element), order: list.New()}
	return q.note
}

func (q *quietConns) note(conn net.Conn, state http.ConnState) {
	if cut := q.changed(conn, state == http.StateNew || state == http.StateIdle); cut != nil {
		q.srv.metrics.quietCut.Inc()
		_ = resetConn(cut) // its server notices
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
