package minimax

import (
	"context"
	"fmt"
	"net/http"

	"github.com/coder/websocket"

	"voicerelay/upstream/emulator/engine"
)

// Vendor is the emulator of MiniMax.
var Vendor = engine.Vendor{Name: "minimax", Serve: newEmulator}

func newEmulator(s *engine.Server) (http.Handler, any) {
	e := &emulator{server: s, quirks: drawQuirks(s.Options())}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /ws/v1/t2a_v2_bidi", func(w http.ResponseWriter, r *http.Request) { e.connect(w, r, true) })
	mux.HandleFunc("GET /ws/v1/t2a_v2", func(w http.ResponseWriter, r *http.Request) { e.connect(w, r, false) })
	return mux, e.quirks
}

// connect checks the key and serves a connection until it ends.
// By the docs' example a bad key is told after the upgrade, by task_failed with 1004. Others have met HTTP status 401.
func (e *emulator) connect(w http.ResponseWriter, r *http.Request, bidi bool) {
	want := e.server.Options().APIKey
	known := want == "" || r.Header.Get("Authorization") == "Bearer "+want
	if !known && e.quirks.badKey == "upgrade" {
		e.server.Note(func(st *engine.Stats) { st.Refused++ })
		http.Error(w, "Unauthorized", http.StatusUnauthorized)
		return
	}
	c := newConnection(e, fmt.Sprintf("connect-%d", e.connections.Add(1)), bidi)
	socket, ok := e.server.AcceptWith(w, r, &websocket.AcceptOptions{InsecureSkipVerify: true, OnPingReceived: c.pinged})
	if !ok {
		return
	}
	c.socket = socket
	stop := context.AfterFunc(e.server.Context(), func() { _ = socket.CloseNow() }) // ends the reader
	defer stop()
	defer func() { _ = socket.CloseNow() }() // it is over
	if !known {
		c.showOut()
		return
	}
	c.serve()
}

// showOut tells a client that its key is bad: in place of the first frame, or as the answer to task_start.
func (c *connection) showOut() {
	c.server.Note(func(st *engine.Stats) { st.Refused++ })
	if c.quirks.badKey == "start" {
		c.event("connected_success", nil)
		if _, _, err := c.socket.Read(context.Background()); err != nil { // ends with the client, or with the server
			return
		}
	}
	c.refuse("task_failed", authFailed)
	_ = c.socket.Close(websocket.StatusCode(c.quirks.closeCode), "") // the client may have gone
}
