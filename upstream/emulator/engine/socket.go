package engine

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"sync"

	"github.com/coder/websocket"
)

// Accept lets a client in, or refuses it as the fault says.
func (s *Server) Accept(w http.ResponseWriter, r *http.Request) (*websocket.Conn, bool) {
	return s.AcceptWith(w, r, &websocket.AcceptOptions{InsecureSkipVerify: true})
}

// AcceptWith is Accept with the options of a vendor whose handshake is not the plain one.
// A refusal by close code lets the client in first, since a close frame needs a socket. Messages of up to 1 MiB are read,
// the default of common libraries.
func (s *Server) AcceptWith(w http.ResponseWriter, r *http.Request, o *websocket.AcceptOptions) (*websocket.Conn, bool) {
	fault := s.CurrentFault()
	refused := fault.Kind == Refuse
	if refused && fault.Code < 1000 {
		s.Note(func(st *Stats) { st.Refused++ })
		fault.SetRetryAfter(w.Header())
		http.Error(w, http.StatusText(fault.Code), fault.Code)
		return nil, false
	}
	conn, err := websocket.Accept(w, r, o)
	if err != nil {
		return nil, false
	}
	conn.SetReadLimit(1 << 20)
	s.addSocket(r.Context(), conn)
	if refused {
		s.Note(func(st *Stats) { st.Refused++ })
		_ = conn.Close(websocket.StatusCode(fault.Code), "refused") // the client may have gone
		return nil, false
	}
	return conn, true
}

// addSocket notes a socket for as long as its request is served.
func (s *Server) addSocket(request context.Context, conn *websocket.Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sockets[conn] = struct{}{}
	context.AfterFunc(request, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.sockets, conn)
	})
}

// HangUp closes all sockets that are open, as vendors do with idle ones: by a close frame of that code, or without one
// where it is 0. Connections of a vendor without WebSockets are closed alike.
func (s *Server) HangUp(code int) {
	s.mu.Lock()
	sockets, conns := slices.Collect(maps.Keys(s.sockets)), slices.Collect(maps.Keys(s.conns))
	s.mu.Unlock()
	for _, conn := range conns {
		_ = conn.Close() // the client may have gone
	}
	var wg sync.WaitGroup
	for _, conn := range sockets {
		wg.Go(func() {
			if code == 0 {
				_ = conn.CloseNow() // the client may have gone
				return
			}
			_ = conn.Close(websocket.StatusCode(code), "")
		})
	}
	wg.Wait()
}

// Object is a message to a client.
// Its fields go out in alphabetical order: no vendor promises another, and no client may rely on one.
type Object map[string]any

// Send writes a message. A client that has gone is noticed by the connection's reader.
func Send(conn *websocket.Conn, o Object) {
	body, err := json.Marshal(o)
	if err != nil {
		panic(fmt.Sprintf("emulator: %v", err)) // a frame of ours that is no JSON
	}
	_ = conn.Write(context.Background(), websocket.MessageText, body)
}
