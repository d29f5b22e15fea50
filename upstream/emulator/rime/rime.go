package rime

import (
	"context"
	"fmt"
	"net/http"

	"github.com/coder/websocket"

	"voicerelay/upstream/emulator/engine"
)

// Vendor is the emulator of Rime.
var Vendor = engine.Vendor{Name: "rime", Serve: newEmulator}

// subprotocol is v1 in JSON.
const subprotocol = "rime.v1.json"

// newEmulator serves v1 at /ws, where the host names the model or the path does, and /ws3.
func newEmulator(s *engine.Server) (http.Handler, any) {
	e := &emulator{server: s, quirks: drawQuirks(s.Options())}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /ws", e.connect)
	mux.HandleFunc("GET /{model}/ws", e.connect)
	mux.HandleFunc("GET /ws3", e.connectWS3)
	return mux, e.quirks
}

// connect checks the key and serves a connection of v1 until it ends.
// A bad header fails the upgrade with 401 (AsyncAPI). By the docs ready says nothing of the key, so that the first context may be
// where a client hears of it. A client without a header may show its key in config.
func (e *emulator) connect(w http.ResponseWriter, r *http.Request) {
	header := r.Header.Get("Authorization")
	if header != "" && !e.knows(header) && !e.quirks.authInContext {
		e.unauthorized(w)
		return
	}
	e.serve(w, r, []string{subprotocol}, func(l *line) {
		c := &connection{line: l, contexts: make(map[string]*speechContext), header: header != ""}
		c.authorized, c.defaults = e.knows(header), defaultSettings()
		c.serve()
	})
}

// connectWS3 checks the key and serves a connection of the older protocol until it ends.
func (e *emulator) connectWS3(w http.ResponseWriter, r *http.Request) {
	settings, wrong := settingsOf(r.URL.Query())
	if !e.knows(r.Header.Get("Authorization")) {
		if !e.quirks.authInContext {
			e.unauthorized(w)
			return
		}
		wrong = "Unauthorized"
	}
	e.serve(w, r, nil, func(l *line) {
		c := newSynthesizer(l, settings)
		if wrong != "" {
			c.server.Note(func(st *engine.Stats) { st.Refused++ })
			c.fail(wrong)
			_ = c.socket.Close(websocket.StatusPolicyViolation, "") // the client may have gone
			return
		}
		c.serve()
	})
}

// unauthorized refuses the upgrade.
func (e *emulator) unauthorized(w http.ResponseWriter) {
	e.server.Note(func(st *engine.Stats) { st.Refused++ })
	http.Error(w, "Unauthorized", http.StatusUnauthorized)
}

// serve opens a socket and has it served until it ends, by either side or with the server.
func (e *emulator) serve(w http.ResponseWriter, r *http.Request, subprotocols []string, speak func(l *line)) {
	o := &websocket.AcceptOptions{InsecureSkipVerify: true, Subprotocols: subprotocols}
	socket, ok := e.server.AcceptWith(w, r, o)
	if !ok {
		return
	}
	stop := context.AfterFunc(e.server.Context(), func() { _ = socket.CloseNow() }) // ends the reader
	defer stop()
	defer func() { _ = socket.CloseNow() }() // it is over
	speak(e.newLine(socket, fmt.Sprintf("connection-%d", e.connections.Add(1))))
}
