package vogent

import (
	"context"
	"net/http"

	"voicerelay/upstream/emulator/engine"
)

// Vendor is the emulator of Vogent.
var Vendor = engine.Vendor{Name: "vogent", Serve: newEmulator}

func newEmulator(s *engine.Server) (http.Handler, any) {
	v := &emulator{server: s, quirks: drawQuirks(s.Options())}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /api/tts/websocket", v.connect)
	return mux, v.quirks
}

// connect checks the key and serves a connection until it ends.
// How a bad key is refused is not documented.
func (v *emulator) connect(w http.ResponseWriter, r *http.Request) {
	bad := v.server.Options().APIKey != "" && key(r) != v.server.Options().APIKey
	if bad && v.quirks.authBy == "status" {
		v.server.Note(func(st *engine.Stats) { st.Refused++ })
		http.Error(w, "invalid API key", v.quirks.authStatus)
		return
	}
	socket, ok := v.server.Accept(w, r)
	if !ok {
		return
	}
	defer func() { _ = socket.CloseNow() }() // it is over
	stop := context.AfterFunc(v.server.Context(), func() { _ = socket.CloseNow() })
	defer stop()
	c := &connection{
		line: line{emulator: v, socket: socket}, claims: v.contexts.join(),
		open: make(map[string]*generation), turns: make(map[string]*generation),
	}
	if bad {
		c.refuse()
		return
	}
	c.serve()
}
