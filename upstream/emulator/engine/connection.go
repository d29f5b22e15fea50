package engine

import (
	"context"
	"net"
	"net/http"
)

// schemeHTTP is that of vendors whose clients make requests. Their connections are counted as the server sees them, since one serves
// many requests.
const schemeHTTP = "http"

// accept serves the connections of a vendor that does not speak HTTP, until its listener is closed.
func (s *Server) accept(listener net.Listener) {
	for {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		if !s.run(func(context.Context) { s.converse(conn) }) {
			_ = conn.Close() // there is no server for it any more
		}
	}
}

// ServeConn serves a connection of a vendor that does not speak HTTP, such as one in memory, and closes it. Once Close has begun, no
// client is let in.
func (s *Server) ServeConn(conn net.Conn) {
	if !s.enter() {
		_ = conn.Close() // there is no server for it any more
		return
	}
	defer s.wg.Done()
	s.converse(conn)
}

// converse serves a connection until it ends. A refusal closes it before a word.
func (s *Server) converse(conn net.Conn) {
	defer func() { _ = conn.Close() }() // it may be closed already
	if s.CurrentFault().Kind == Refuse {
		s.Note(func(st *Stats) { st.Refused++ })
		return
	}
	defer s.Connected()()
	s.addConn(conn)
	defer s.removeConn(conn)
	stop := context.AfterFunc(s.life, func() { _ = conn.Close() }) // ends the reader
	defer stop()
	s.talk(conn)
}

// watch counts the connections of an HTTP server.
func (s *Server) watch(conn net.Conn, state http.ConnState) {
	switch state {
	case http.StateNew:
		s.addConn(conn)
		s.Note(func(st *Stats) { st.Sockets++; st.OpenSockets++ })
	case http.StateClosed, http.StateHijacked: // who takes one over ends it at once
		s.removeConn(conn)
		s.Note(func(st *Stats) { st.OpenSockets-- })
	}
}

func (s *Server) addConn(conn net.Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.conns[conn] = struct{}{}
}

func (s *Server) removeConn(conn net.Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.conns, conn)
}
