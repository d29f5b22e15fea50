package cartesia

import (
	"context"
	"net/http"

	"github.com/coder/websocket"

	"voicerelay/upstream/emulator/engine"
)

// Vendor is the emulator of Cartesia.
var Vendor = engine.Vendor{Name: "cartesia", Serve: newEmulator}

func newEmulator(s *engine.Server) (http.Handler, any) {
	c := &emulator{server: s, quirks: drawQuirks(s.Options()), places: make(chan struct{}, concurrency)}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /tts/websocket", c.connect)
	return mux, c.quirks
}

// connect checks key and version and serves a connection until it ends.
func (c *emulator) connect(w http.ResponseWriter, r *http.Request) {
	status, message := c.refusal(r)
	if status != 0 && !c.quirks.refusesInBand {
		c.server.Note(func(st *engine.Stats) { st.Refused++ })
		http.Error(w, message, status)
		return
	}
	socket, ok := c.server.Accept(w, r)
	if !ok {
		return
	}
	conn := &connection{
		line:     line{emulator: c, socket: socket, version: version(r), turns: engine.NewTurns(c.quirks.serial)},
		contexts: make(map[string]*speechContext),
	}
	stop := context.AfterFunc(c.server.Context(), func() { _ = socket.CloseNow() }) // ends the reader
	defer stop()
	if status != 0 {
		c.server.Note(func(st *engine.Stats) { st.Refused++ })
		conn.fail("", failure{status: status, code: "unauthorized", title: "Unauthorized", message: message})
		_ = socket.Close(websocket.StatusPolicyViolation, "") // the client may have gone
		return
	}
	conn.serve()
}
